import { SAMPLE_TEXTS } from "@scratch-llm/samples";
import { createSHA256 } from "hash-wasm";
import { EngineFault } from "../fault.ts";
import type { Host } from "../host.ts";
import type { RunText } from "../protocol.ts";
import type { Folder } from "./run-files.ts";

/** What a run reads, and how its folder says so. */
export interface Corpus {
  readonly texts: readonly string[];
  /** Paths in the run's folder; none = the built-in texts, which the trainer has too. */
  readonly files: readonly string[];
  readonly sha256: string;
}

/** The `data` of a run's config.json. */
interface SavedData {
  readonly files: readonly string[];
  readonly sha256: string;
}

/** The name of a text in a folder that is saved here. */
const TEXT_FILE = "text.txt";

/** Reads the text that a run is to learn. */
export async function readTexts(text: RunText, host: Host): Promise<Corpus> {
  if (text.kind === "own") return corpusOf([text.text], [TEXT_FILE]);
  if (text.language !== "both") return corpusOf([await host.readText(SAMPLE_TEXTS[text.language])], [TEXT_FILE]);
  return builtIn(host);
}

/**
 * Finds the text of a saved run: the built-in ones, or a file that lies in the run's folder or was dropped with it.
 * @throws EngineFault `TEXT_MISSING` or `TEXT_CHANGED`
 */
export async function findTexts({ files, sha256 }: SavedData, folder: Folder, host: Host): Promise<Corpus> {
  if (files.length === 0) return sameAs(sha256, await builtIn(host));
  const texts: string[] = [];
  for (const file of files) {
    const name = file.split(/[\\/]/u).at(-1) ?? file;
    const blob = folder.files.get(file) ?? folder.files.get(name);
    if (!blob)
      throw new EngineFault(
        "TEXT_MISSING",
        `The run learns ${name}: put that text into its folder, and drop it again.`,
      );
    texts.push(await blob.text());
  }
  return sameAs(
    sha256,
    await corpusOf(texts, files.length === 1 ? [TEXT_FILE] : texts.map((_, i) => `text-${i + 1}.txt`)),
  );
}

async function builtIn(host: Host): Promise<Corpus> {
  const texts: string[] = [];
  for (const address of Object.values(SAMPLE_TEXTS)) texts.push(await host.readText(address));
  return corpusOf(texts, []);
}

/** With the checksum that the trainer computes. */
async function corpusOf(texts: readonly string[], files: readonly string[]): Promise<Corpus> {
  const hash = await createSHA256();
  for (const text of texts) hash.update(text).update("\0");
  return { texts, files, sha256: hash.digest("hex") };
}

function sameAs(sha256: string, corpus: Corpus): Corpus {
  if (corpus.sha256 === sha256) return corpus;
  throw new EngineFault("TEXT_CHANGED", "The text has changed since the run began; start a new run on the new text.");
}
