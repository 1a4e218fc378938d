import { ContextLengthError } from "@scratch-llm/attention";
import { EmptyPromptError } from "../errors.ts";
import { GPTModel } from "../gpt-model.ts";
import type { Decoder } from "./decoder.ts";
import { checkOptions } from "./generate-options.ts";
import type { GenerateOptions } from "./generate-options.ts";
import { GenerationRow } from "./generation-row.ts";
import type { GenerateStep } from "./generation-row.ts";
import { ModelDecoder } from "./model-decoder.ts";

/**
 * Continues one prompt or several at once, token by token (book section 5.3 and beyond). Prompts may differ in length;
 * each gives what it would give alone, and stops for itself. A decoder that is passed stays the caller's and can be used
 * for the next turn of a chat; leaving the loop early is fine.
 *
 * @throws GenerateOptionsError, EmptyPromptError, TokenIdError before the first step
 * @throws ContextLengthError when a prompt does not fit and overflow is "stop"
 *
 * @example
 * const prompt = tokenizer.encode("Every effort moves you");
 * for await (const { text } of generate(model, prompt, { tokenizer, temperature: 0.8, topK: 50, seed: 1 })) {
 *   process.stdout.write(text);
 * }
 */
export async function* generate(
  model: GPTModel | Decoder,
  prompts: Int32Array | readonly Int32Array[],
  options: GenerateOptions = {},
): AsyncGenerator<GenerateStep, void, undefined> {
  checkOptions(options);
  const decoder = model instanceof GPTModel ? new ModelDecoder(model) : model;
  try {
    const rows = (prompts instanceof Int32Array ? [prompts] : prompts).map(
      (prompt, i) => new GenerationRow(i, checkPrompt(prompt, decoder, options), options, decoder.contextLength),
    );
    if (options.maxNewTokens !== 0 && rows.length > 0) yield* run(decoder, rows, options.signal);
  } finally {
    if (decoder !== model) decoder.dispose();
  }
}

async function* run(
  decoder: Decoder,
  rows: GenerationRow[],
  signal: AbortSignal | undefined,
): AsyncGenerator<GenerateStep, void, undefined> {
  let active = rows;
  signal?.throwIfAborted();
  let logits = await decoder.prefill(active.map((row) => row.window));
  while (true) {
    for (const [i, row] of active.entries()) {
      signal?.throwIfAborted();
      yield row.advance(logits[i] as Float32Array);
    }
    const going = active.flatMap((row, i) => (row.finished ? [] : [i]));
    if (going.length === 0) return;
    signal?.throwIfAborted();
    if (going.length < active.length) await decoder.select(Int32Array.from(going));
    active = active.filter((row) => !row.finished);
    logits = await next(decoder, active);
  }
}

/** The logits after each row's newest token. */
async function next(decoder: Decoder, rows: readonly GenerationRow[]): Promise<Float32Array[]> {
  const moved = rows.map((row) => row.moveWindow());
  if (moved.includes(true)) return decoder.prefill(rows.map((row) => row.window)); // positions have changed
  return decoder.step(Int32Array.from(rows, (row) => row.ids.at(-1) ?? 0));
}

function checkPrompt(prompt: Int32Array, { contextLength }: Decoder, { overflow }: GenerateOptions): Int32Array {
  if (prompt.length === 0) throw new EmptyPromptError();
  if (overflow === "stop" && prompt.length > contextLength) throw new ContextLengthError(prompt.length, contextLength);
  return prompt;
}
