import type { LanguageModel } from "@scratch-llm/pretrain";
import { crossEntropy } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import type { TokenPosition } from "./settings.ts";
import type { TextBatch } from "./spam-dataset.ts";

/** From which logits the class is read. */
export interface ReadOut {
  readonly position: TokenPosition;
  /** What "flexible" leaves out at the end of a row. */
  readonly padTokenId: number;
}

/** How a batch's loss is found. */
export interface ClassLossOptions extends ReadOut {
  /** Texts of this class do not count, such as those without a label; default −100, which no text has. */
  readonly ignoreIndex?: number;
}

/** ids, int32 (b, t) → logits of the classes (b, c), by the position that counts (sections 6.5, 6.6; ch06/02). */
export function classLogits(model: LanguageModel, ids: tf.Tensor2D, { position, padTokenId }: ReadOut): tf.Tensor2D {
  const logits = model.forward(ids); // (b, t, c)
  const [b, t, c] = logits.shape;
  if (position === "average") return logits.mean(1);
  if (position === "flexible") {
    const weights = lastRealToken(ids, padTokenId); // (b, t)
    return logits.mul(weights.expandDims(2)).sum(1); // one position per row: gatherND would have no gradient
  }
  return logits.slice([0, position === "last" ? t - 1 : 0, 0], [b, 1, c]).reshape([b, c]);
}

/** Mean cross-entropy of a batch's classes: the book's calc_loss_batch of chapter 6. */
export function calcClassLossBatch(
  { inputs, targets }: TextBatch,
  model: LanguageModel,
  { ignoreIndex = -100, ...readOut }: ClassLossOptions,
): tf.Scalar {
  return crossEntropy(classLogits(model, inputs, readOut), targets, { ignoreIndex });
}

/** 1 at each row's last token that is no padding, 0 elsewhere, (b, t); a row of padding has its 1 at the start. */
function lastRealToken(ids: tf.Tensor2D, padTokenId: number): tf.Tensor2D {
  const positions = tf.range(0, ids.shape[1], 1, "int32"); // (t)
  const isReal = ids.notEqual(tf.scalar(padTokenId, "int32")).cast("int32");
  const last = isReal.mul(positions).max(1, true); // (b, 1)
  return positions.equal(last).cast("float32") as tf.Tensor2D;
}
