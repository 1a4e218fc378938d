import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { DataLoader, GPTDatasetV1 } from "@scratch-llm/dataloader";
import type { TokenSplit } from "@scratch-llm/pretrain";
import { SAMPLE_TEXTS } from "@scratch-llm/samples";
import { gpt2Tokenizer, type Tokenizer, trainBPE } from "@scratch-llm/tokenizer";
import { TrainerError } from "./errors.ts";
import type { RunConfig } from "./run-config.ts";
import { readText } from "./text-data.ts";

/** The texts of a run and where they came from, so that a resumed run can tell whether they changed. */
export interface Corpus {
  /** Absolute paths; none = the built-in texts. */
  readonly files: readonly string[];
  readonly sha256: string;
  readonly texts: readonly string[];
}

/** @throws {TrainerError} `DATA` for a file that cannot be used. */
export async function readCorpus(files: readonly string[]): Promise<Corpus> {
  const paths = files.map((file) => resolve(file));
  const texts: string[] = [];
  if (paths.length === 0)
    for (const address of Object.values(SAMPLE_TEXTS)) texts.push(await readFile(address, "utf8"));
  for (const path of paths) texts.push(await readText(path));
  const hash = createHash("sha256");
  for (const text of texts) hash.update(text).update("\0");
  return { files: paths, sha256: hash.digest("hex"), texts };
}

/** The tokenizer that the settings ask for; a BPE is trained on the texts, its progress told as tokens done. */
export async function makeTokenizer(
  settings: RunConfig["tokenizer"],
  corpus: Corpus,
  onProgress: (tokens: number) => void,
): Promise<Tokenizer> {
  if (settings.kind === "gpt2") return gpt2Tokenizer();
  const { vocabSize } = settings;
  return trainBPE(corpus.texts, {
    vocabSize,
    onProgress: ({ phase, done }) => {
      if (phase === "learn merges") onProgress(done);
    },
  });
}

/** The two loaders of a run, as the book makes them: shuffled and whole batches to train on, every window to validate with. */
export interface Loaders {
  readonly train: DataLoader;
  readonly val: DataLoader;
}

/** @throws {TrainerError} `DATA` when a part is shorter than one window, or there is not one whole batch. */
export function makeLoaders({ train, val }: TokenSplit, settings: RunConfig, maxLength: number): Loaders {
  const { batchSize } = settings.train;
  const { stride } = settings.data;
  const dataset = (tokens: Int32Array, part: string): GPTDatasetV1 => {
    if (tokens.length <= maxLength) {
      throw new TrainerError(
        "DATA",
        `The ${part} part of the text has ${tokens.length} tokens, and one window needs ${maxLength + 1}. ` +
          `Give a longer text, or a shorter context with --set model.contextLength=${suggestContext(tokens.length)}.`,
      );
    }
    return new GPTDatasetV1(tokens, undefined, { maxLength, stride });
  };
  const loaders = {
    train: new DataLoader(dataset(train, "training"), { batchSize, shuffle: true, dropLast: true }),
    val: new DataLoader(dataset(val, "validation"), { batchSize, shuffle: false, dropLast: false }),
  };
  if (loaders.train.length === 0) {
    const windows = loaders.train.dataset.length;
    throw new TrainerError(
      "DATA",
      `The text gives ${windows} windows, fewer than one batch of ${batchSize}. Try --set train.batchSize=${windows}.`,
    );
  }
  return loaders;
}

/** The largest power of two below the number of tokens. */
function suggestContext(tokens: number): number {
  return 2 ** Math.max(1, Math.floor(Math.log2(Math.max(2, tokens - 1))));
}
