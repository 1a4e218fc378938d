import type { GPTConfig } from "@scratch-llm/gpt";
import * as tf from "@tensorflow/tfjs";
import { WeightsError } from "./errors.ts";
import { isSameLayout, takeTensors } from "./layout.ts";
import { matchWeights, type Step } from "./match.ts";
import type { WeightFormat } from "./names.ts";
import type { WeightSource } from "./source.ts";

/** One parameter of our model, read from a file. */
export interface Weight {
  /** Our name, such as `trfBlocks.0.att.wQuery.weight`. */
  readonly name: string;
  /** Dispose of it. */
  readonly value: tf.Tensor;
}

/**
 * Every parameter of a model, one after another, from a source in any format. Besides what is handed out, only the tensor at
 * hand and the next are in memory.
 *
 * @throws {WeightsMismatchError} before anything is read, when names or shapes do not fit
 * @throws {WeightsError} when a tensor that the model must do without holds something after all
 */
export async function* readWeights(
  source: WeightSource,
  config: GPTConfig,
  format: WeightFormat,
): AsyncGenerator<Weight> {
  const steps = matchWeights(source.tensors, config, format);
  for (const step of steps) await check(step, source, steps);
  // The largest first: while its bytes are here twice, little else is, and the peak is lower.
  const filling = steps
    .filter(({ targets }) => targets.length > 0)
    .toSorted((a, b) => sizeOf(source, b) - sizeOf(source, a));
  for await (const { targets, tensor } of readTensors(source, filling, format)) {
    const rows = targets.map(({ row }) => row);
    const ours = takeTensors(tensor, rows, config, format);
    tensor.dispose();
    for (const [i, { name }] of targets.entries()) yield { name, value: ours[i]! };
  }
}

/**
 * The tensors of a file. Each is read while the one before is worked on: matrices that are to be turned round into two
 * memories by turns, for new memory would cost more time than reading it and stay until it is collected; others into the
 * memory that the model keeps.
 */
async function* readTensors(
  source: WeightSource,
  steps: readonly Step[],
  format: WeightFormat,
): AsyncGenerator<Step & { readonly tensor: tf.Tensor1D }> {
  const isTurned = ({ targets }: Step): boolean => !isSameLayout(targets[0]!.row, format);
  const most = Math.max(0, ...steps.filter(isTurned).map((step) => sizeOf(source, step)));
  const memories: Float32Array[] = [];
  const begin = (i: number): Promise<Float32Array> | undefined => {
    const step = steps[i];
    if (step === undefined) return undefined;
    const size = sizeOf(source, step);
    const shared = (): Float32Array => (memories[i % 2] ??= alignedFloats(most)).subarray(0, size);
    const reading = source.read(step.theirs, isTurned(step) ? shared : () => alignedFloats(size));
    reading.catch(() => {}); // thrown when its turn comes, or nobody waits for it any more
    return reading;
  };
  let next = begin(0);
  for (const [i, step] of steps.entries()) {
    const values = await next!;
    next = begin(i + 1);
    yield { ...step, tensor: tf.tensor1d(values, "float32") };
  }
}

/**
 * Memory that native TensorFlow takes as it is, where it would copy other: its address is a multiple of 64 bytes, because
 * Node's large buffers begin 16 bytes after such a one.
 */
function alignedFloats(length: number): Float32Array {
  const offset = 64 - 16;
  return new Float32Array(new ArrayBuffer(offset + 4 * length), offset, length);
}

function sizeOf(source: WeightSource, { theirs }: Step): number {
  return source.tensors.get(theirs)!.shape.reduce((a, b) => a * b, 1);
}

/** What must hold where the model has no such parameter. */
async function check(step: Step, source: WeightSource, steps: readonly Step[]): Promise<void> {
  if (step.check === "zero") await checkZero(step, source);
  if (step.check === "tied") await checkTied(step, source, steps);
}

async function checkZero({ theirs }: Step, source: WeightSource): Promise<void> {
  const values = await source.read(theirs);
  if (values.every((value) => value === 0)) return;
  throw new WeightsError(
    "CONFIG_INVALID",
    `The configuration says qkvBias false, but ${theirs} is not zero; set qkvBias to true.`,
  );
}

async function checkTied({ theirs }: Step, source: WeightSource, steps: readonly Step[]): Promise<void> {
  const embedding = steps.find(({ targets }) => targets.some(({ name }) => name === "tokEmb.weight"))!;
  const [head, values] = [await source.read(theirs), await source.read(embedding.theirs)];
  if (values.every((value, i) => value === head[i])) return;
  throw new WeightsError(
    "CONFIG_INVALID",
    `The configuration says that the head is the token embedding, but ${theirs} differs from ${embedding.theirs}; set tie_word_embeddings to false.`,
  );
}
