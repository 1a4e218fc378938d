import { type Decoder, generate, type GenerateOptions } from "@scratch-llm/gpt";
import { nextTask } from "@scratch-llm/pretrain";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import type { Shelved } from "./models/shelf.ts";
import type { Generated, TokenEvent } from "./protocol.ts";

/** What writes, and for whom. */
export interface Writing {
  readonly decoder: Decoder;
  readonly tokenizer: Tokenizer;
  readonly promptIds: Int32Array;
  readonly options: Omit<GenerateOptions, "tokenizer" | "signal">;
  readonly signal: AbortSignal;
  readonly emit: (event: TokenEvent) => void;
}

/** Writes token by token and tells each. When it is aborted, what was written up to then is the answer. */
export async function write({ decoder, tokenizer, promptIds, options, signal, emit }: Writing): Promise<Generated> {
  const started = performance.now();
  const ids: number[] = [];
  let text = "";
  let finishReason: Generated["finishReason"] = "aborted";
  const speed = (): number => (1000 * ids.length) / Math.max(1, performance.now() - started);
  for await (const step of generate(decoder, promptIds, { ...options, tokenizer, eosId: tokenizer.eosId })) {
    ids.push(step.id);
    text += step.text;
    emit({ type: "token", id: step.id, text: step.text, logProb: step.logProb, tokensPerSecond: speed() });
    await nextTask(); // an abort is a message, which would not be heard before the last token
    if (step.finishReason) finishReason = step.finishReason;
    else if (signal.aborted) break;
  }
  if (ids.length === 0) finishReason = "length";
  return { text, ids: Int32Array.from(ids), promptIds, finishReason, tokensPerSecond: speed() };
}

const inUse = new WeakSet<Decoder>();

/** {@link write} with a loaded model: with the decoder that remembers the chat so far, unless it is busy or not wanted. */
export async function writeWith(
  { decoder: remembering, newDecoder }: Pick<Shelved, "decoder" | "newDecoder">,
  useCache: boolean,
  writing: Omit<Writing, "decoder">,
): Promise<Generated> {
  const remembers = useCache && !inUse.has(remembering);
  const decoder = remembers ? remembering : newDecoder({ useCache });
  inUse.add(decoder);
  try {
    return await write({ ...writing, decoder });
  } finally {
    inUse.delete(decoder);
    if (!remembers) decoder.dispose();
  }
}
