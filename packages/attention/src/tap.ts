import type * as tf from "@tensorflow/tfjs";

/**
 * Looks at a named intermediate value of a forward pass, such as the attention weights.
 * The tensor belongs to the forward pass: a tap that wants to keep it clones it or reads it at once.
 */
export type Tap = (name: string, value: tf.Tensor) => void;
