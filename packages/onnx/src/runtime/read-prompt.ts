import { ContextLengthError } from "@scratch-llm/attention";
import { EmptyPromptError, type GPTConfig, TokenIdError } from "@scratch-llm/gpt";
import type { GPTSession } from "./gpt-session.ts";

/** How an ONNX decoder works. */
export interface DecoderOptions {
  /** Prompts are read this many tokens at a time. Default 128. */
  readonly chunkSize?: number | undefined;
  /** Ends the reading of a prompt, and every step, with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Tokens that are read at a time: more make attention's weights large, fewer the products slow. */
const CHUNK = 128;

/**
 * Appends a prompt to a row, in chunks: the logits after its last token.
 * @throws the signal's reason between two chunks
 */
export async function readPrompt(
  session: GPTSession,
  row: number,
  ids: ArrayLike<number>,
  { chunkSize = CHUNK, signal }: DecoderOptions,
): Promise<Float32Array> {
  const all = Array.from(ids);
  let logits = new Float32Array(0);
  for (let start = 0; start < all.length; start += chunkSize) {
    signal?.throwIfAborted();
    [logits] = (await session.append([row], [all.slice(start, start + chunkSize)])) as [Float32Array<ArrayBuffer>];
  }
  return logits;
}

/** @throws EmptyPromptError, ContextLengthError, TokenIdError */
export function checkPrompt(ids: ArrayLike<number>, config: GPTConfig): void {
  if (ids.length === 0) throw new EmptyPromptError();
  checkLength(ids.length, config);
  for (let i = 0; i < ids.length; i++) checkId(ids[i]!, config);
}

export function checkLength(length: number, { contextLength }: GPTConfig): void {
  if (length > contextLength) throw new ContextLengthError(length, contextLength);
}

export function checkId(id: number, { vocabSize }: GPTConfig): void {
  if (!(id >= 0 && id < vocabSize)) throw new TokenIdError(id, vocabSize);
}
