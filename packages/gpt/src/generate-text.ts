import { withoutDropout } from "@scratch-llm/nn";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import { generateTextSimple } from "./generate-text-simple.ts";
import type { GPTModel } from "./gpt-model.ts";

/**
 * Continues a text with the `maxLength` most likely tokens (book section 4.7).
 *
 * @example
 * console.log(await generateText(model, await gpt2Tokenizer(), "Every effort moves you"));
 */
export async function generateText(
  model: GPTModel,
  tokenizer: Tokenizer,
  prompt: string,
  maxLength: number = 50,
): Promise<string> {
  const ids = tokenizer.encode(prompt);
  const { contextLength: contextSize } = model.config;
  const output = withoutDropout(model, () => generateTextSimple({ model, ids, maxNewTokens: maxLength, contextSize }));
  const text = tokenizer.decode((await output.data()) as Int32Array);
  output.dispose();
  return text;
}
