import { type GPTModel, generateTextSimple } from "@scratch-llm/gpt";
import { withoutDropout } from "@scratch-llm/nn";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import { textToTokenIds, tokenIdsToText } from "./text.ts";

/** What {@link generateSample} needs. */
export interface SampleOptions {
  readonly model: GPTModel;
  readonly tokenizer: Tokenizer;
  readonly startContext: string;
  /** Default 50, as in the book. */
  readonly maxNewTokens?: number;
}

/** Lets the model continue a text greedily, to see how training goes: the book's `generate_and_print_sample` (section 5.2). */
export async function generateSample(options: SampleOptions): Promise<string> {
  const { model, tokenizer, startContext, maxNewTokens = 50 } = options;
  const { contextLength: contextSize } = model.config;
  const ids = textToTokenIds(startContext, tokenizer);
  try {
    const output = withoutDropout(model, () => generateTextSimple({ model, ids, maxNewTokens, contextSize }));
    try {
      return await tokenIdsToText(output, tokenizer);
    } finally {
      output.dispose();
    }
  } finally {
    ids.dispose();
  }
}
