import { generateTextSimple, type GPTModel } from "@scratch-llm/gpt";
import * as tf from "@tensorflow/tfjs";
import { expect } from "vitest";

/** What the writer of a model computed with it. */
export interface Expected {
  /** Of the last position. */
  readonly logits: readonly number[];
  /** What it writes after the ids, always the likeliest. */
  readonly greedy: readonly number[];
}

/** Expects the writer's logits to 1e-4, and its greedy ids. @returns the largest difference of the logits */
export async function expectAsTheWriter(
  model: GPTModel,
  ids: ArrayLike<number>,
  { logits, greedy }: Expected,
): Promise<number> {
  const ours = tf.tidy(() =>
    model.forward(tf.tensor2d(Int32Array.from(ids), [1, ids.length], "int32"), { lastOnly: true }),
  );
  const values = await ours.data();
  expect(values).toHaveLength(logits.length);
  const difference = Math.max(...logits.map((value, i) => Math.abs(value - values[i]!)));
  expect(difference).toBeLessThan(1e-4);
  const written = generateTextSimple({
    model,
    ids: Int32Array.from(ids),
    maxNewTokens: greedy.length,
    contextSize: model.config.contextLength,
  });
  expect([...(await written.data())].slice(ids.length)).toEqual(greedy);
  tf.dispose([ours, written]);
  return difference;
}

/** Expects every parameter of two models to have the same bits. */
export async function expectSameBits(actual: GPTModel, expected: GPTModel): Promise<void> {
  const parameters = expected.namedParameters();
  expect([...actual.namedParameters().keys()]).toEqual([...parameters.keys()]);
  for (const [name, parameter] of actual.namedParameters()) {
    const [ours, theirs] = [await parameter.data(), await parameters.get(name)!.data()];
    expect(bytesOf(ours).equals(bytesOf(theirs)), name).toBe(true);
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
