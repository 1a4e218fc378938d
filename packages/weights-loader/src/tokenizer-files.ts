import { BPETokenizer, END_OF_TEXT, gpt2Tokenizer, loadTokenizer, type Tokenizer } from "@scratch-llm/tokenizer";
import { WeightsError } from "./errors.ts";
import { parseObject } from "./json.ts";

/** The two files of a byte-level BPE, as Hugging Face and OpenAI call them. */
const PAIRS = [
  ["vocab.json", "merges.txt"],
  ["encoder.json", "vocab.bpe"],
] as const;

/** GPT-2's own vocabulary has this many tokens, and no other model's that is published for it. */
const GPT2_VOCAB_SIZE = 50_257;

/** A text file of a model folder by its name; undefined where there is none. */
export type ReadText = (name: string) => Promise<string | undefined>;

/**
 * The tokenizer of a model folder: `tokenizer.json`, or vocabulary and merges; GPT-2's own where there is none and the
 * model has as many tokens.
 *
 * @param folder its name, for messages
 * @throws {WeightsError} `TOKENIZER_MISSING`
 */
export async function readTokenizer(folder: string, vocabSize: number, read: ReadText): Promise<Tokenizer> {
  const whole = await read("tokenizer.json");
  if (whole !== undefined) return loadTokenizer(parseObject(whole, `${folder}/tokenizer.json`));
  for (const [vocabName, mergesName] of PAIRS) {
    const [vocab, merges] = [await read(vocabName), await read(mergesName)];
    if (vocab !== undefined && merges !== undefined)
      return fromPair(parseObject(vocab, `${folder}/${vocabName}`), merges);
  }
  if (vocabSize === GPT2_VOCAB_SIZE) return gpt2Tokenizer();
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
export function tokenizerFiles(
  tokenizer: Tokenizer,
  contextLength: number,
  extra: Readonly<Record<string, unknown>> = {},
): Map<string, string> {
  const json = tokenizer.toJSON();
  const end = json.added_tokens.find(({ id }) => id === tokenizer.eosId)?.content;
  const special = end === undefined ? {} : { bos_token: end, eos_token: end, unk_token: end };
  const settings = {
    tokenizer_class: "PreTrainedTokenizerFast",
    model_max_length: contextLength,
    ...special,
    ...extra,
  };
  return new Map([
    ["tokenizer.json", JSON.stringify(json)],
    ["tokenizer_config.json", `${JSON.stringify(settings, null, 2)}\n`],
    ["vocab.json", JSON.stringify(json.model.vocab)],
    ["merges.txt", `#version: 0.2\n${json.model.merges.join("\n")}\n`],
  ]);
}
