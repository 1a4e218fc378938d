import { ContextLengthError } from "@scratch-llm/attention";
import * as tf from "@tensorflow/tfjs";
import { EmptyPromptError } from "./errors.ts";
import type { GPTModel } from "./gpt-model.ts";
import { KVCache } from "./kv-cache.ts";

/** What `generateTextSimple` needs. */
export interface GenerateTextSimpleOptions {
  readonly model: GPTModel;
  /** The prompts, int32 (b, t), or one prompt as an array of ids. */
  readonly ids: tf.Tensor2D | Int32Array;
  readonly maxNewTokens: number;
  /** Most tokens the model looks at, usually its contextLength. */
  readonly contextSize: number;
  /** Reuse the keys and values of earlier tokens: the same ids, sooner. Default true. */
  readonly useCache?: boolean | undefined;
}

/**
 * Greedy generation (book section 4.7): the most likely token, again and again. Call `model.eval()` first.
 *
 * @returns prompt and new tokens, int32 (b, t + maxNewTokens)
 * @throws EmptyPromptError when t is 0
 * @throws ContextLengthError when contextSize is more than the model can look at
 *
 * @example
 * const ids = tf.tensor2d([[15496, 11, 314, 716]], [1, 4], "int32"); // "Hello, I am"
 * const longer = generateTextSimple({ model, ids, maxNewTokens: 6, contextSize: 1024 });
 */
export function generateTextSimple(options: GenerateTextSimpleOptions): tf.Tensor2D {
  checkOptions(options);
  const { model, maxNewTokens, contextSize, useCache = true } = options;
  const cache = useCache ? new KVCache(model.config.nLayers) : undefined;
  let ids = options.ids instanceof Int32Array ? toRow(options.ids) : options.ids.clone();
  try {
    for (let i = 0; i < maxNewTokens; i++) {
      const longer = tf.tidy(() => tf.concat([ids, nextIds(model, ids, contextSize, cache)], 1));
      ids.dispose();
      ids = longer;
    }
  } finally {
    cache?.dispose();
  }
  return ids;
}

/** The most likely next token of every row: (b, 1). */
function nextIds(model: GPTModel, ids: tf.Tensor2D, contextSize: number, cache: KVCache | undefined): tf.Tensor2D {
  const [, t] = ids.shape;
  const start = Math.max(0, t - contextSize); // crop the context to what the model supports
  if (start > 0) cache?.dispose(); // every token has moved to another position: what was computed no longer holds
  const unseen = ids.slice([0, start + (cache?.length ?? 0)]);
  const logits = model.forward(unseen, { cache, lastOnly: true }); // (b, 1, vocabSize)
  return logits.argMax(-1);
}

function checkOptions({ model, ids, contextSize }: GenerateTextSimpleOptions): void {
  const promptLength = ids instanceof Int32Array ? ids.length : ids.shape[1];
  if (promptLength === 0) throw new EmptyPromptError();
  const { contextLength } = model.config;
  if (contextSize > contextLength) throw new ContextLengthError(contextSize, contextLength);
}

function toRow(ids: Int32Array): tf.Tensor2D {
  return tf.tensor2d(ids, [1, ids.length], "int32");
}
