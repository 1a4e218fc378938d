import { existsSync } from "node:fs";
import { join } from "node:path";
import { BPETokenizer, END_OF_TEXT, loadTokenizer, type Tokenizer } from "@scratch-llm/tokenizer";
import { WeightsError } from "../errors.ts";
import { readJson, readText } from "./json.ts";

/** The two files of a byte-level BPE, as Hugging Face and OpenAI call them. */
const PAIRS = [
  ["vocab.json", "merges.txt"],
  ["encoder.json", "vocab.bpe"],
] as const;

/**
 * The tokenizer of a model folder: `tokenizer.json`, or vocabulary and merges.
 *
 * @throws {WeightsError} `TOKENIZER_MISSING`
 */
export async function readTokenizer(folder: string): Promise<Tokenizer> {
  const whole = join(folder, "tokenizer.json");
  if (existsSync(whole)) return loadTokenizer(await readJson(whole));
  for (const [vocabName, mergesName] of PAIRS) {
    const [vocab, merges] = [join(folder, vocabName), join(folder, mergesName)];
    if (existsSync(vocab) && existsSync(merges)) return fromPair(await readJson(vocab), await readText(merges));
  }
  throw new WeightsError(
    "TOKENIZER_MISSING",
    `${folder} has no tokenizer.json (or vocab.json and merges.txt); copy it from where the model was published.`,
  );
}

function fromPair(json: object, text: string): Tokenizer {
  const vocab = new Map(Object.entries(json) as [string, number][]);
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#version"));
  const end = vocab.get(END_OF_TEXT);
  return new BPETokenizer({
    vocab,
    merges: lines.map((line) => line.trimEnd().split(" ") as [string, string]),
    specialTokens: new Map(end === undefined ? [] : [[END_OF_TEXT, end]]),
  });
}

/** What transformers needs beside `tokenizer.json` to make a tokenizer of it, and the older pair of files. */
export function tokenizerFiles(tokenizer: Tokenizer, contextLength: number): Map<string, string> {
  const json = tokenizer.toJSON();
  const end = json.added_tokens.find(({ id }) => id === tokenizer.eosId)?.content;
  const special = end === undefined ? {} : { bos_token: end, eos_token: end, unk_token: end };
  const settings = { tokenizer_class: "PreTrainedTokenizerFast", model_max_length: contextLength, ...special };
  return new Map([
    ["tokenizer.json", JSON.stringify(json)],
    ["tokenizer_config.json", `${JSON.stringify(settings, null, 2)}\n`],
    ["vocab.json", JSON.stringify(json.model.vocab)],
    ["merges.txt", `#version: 0.2\n${json.model.merges.join("\n")}\n`],
  ]);
}
