import type { GPTSession } from "./gpt-session.ts";

/** How an ONNX decoder works. */
export interface DecoderOptions {
  /** Prompts are read this many tokens at a time. Default 512. */
  readonly chunkSize?: number | undefined;
  /** Ends the reading of a prompt, and every step, with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Tokens that are read at a time: more make attention's weights large, fewer the products slow and the cache grow in more steps. */
const CHUNK = 512;

/**
 * Appends prompts to rows whose numbers follow one another: the logits after each one's last token. Neighbours of one length are read
 * together, which costs less than one after the other.
 * @throws the signal's reason between two chunks
 */
export async function readPrompts(
  session: GPTSession,
  rows: readonly number[],
  prompts: readonly Int32Array[],
  options: DecoderOptions,
): Promise<Float32Array[]> {
  const logits: Float32Array[] = [];
  for (let start = 0, end = 0; start < rows.length; start = end) {
    while (end < rows.length && prompts[end]!.length === prompts[start]!.length) end++;
    logits.push(...(await readEven(session, rows.slice(start, end), prompts.slice(start, end), options)));
  }
  return logits;
}

/** Appends a prompt to one row: the logits after its last token. */
export async function readPrompt(
  session: GPTSession,
  row: number,
  ids: ArrayLike<number>,
  options: DecoderOptions,
): Promise<Float32Array> {
  const [logits] = await readEven(session, [row], [ids], options);
  return logits!;
}

/** Prompts of one length, in chunks. */
async function readEven(
  session: GPTSession,
  rows: readonly number[],
  prompts: readonly ArrayLike<number>[],
  { chunkSize = CHUNK, signal }: DecoderOptions,
): Promise<Float32Array[]> {
  const all = prompts.map((ids) => Array.from(ids));
  const size = Math.ceil(chunkSize / rows.length);
  let logits: Float32Array[] = [];
  for (let start = 0; start < all[0]!.length; start += size) {
    signal?.throwIfAborted();
    logits = await session.append(
      rows,
      all.map((ids) => ids.slice(start, start + size)),
    );
  }
  return logits;
}
