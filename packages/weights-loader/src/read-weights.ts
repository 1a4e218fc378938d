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

/** The tensors of a file, put together from what is read. */
async function* readTensors(
  source: WeightSource,
  steps: readonly Step[],
  format: WeightFormat,
): AsyncGenerator<Step & { readonly tensor: tf.Tensor1D }> {
  const pieces: tf.Tensor1D[] = [];
  try {
    for await (const { step, start, values, isLast, isPart } of readAhead(source, steps)) {
      const isTurned = start === 0 && isLast && !isSameLayout(step.targets[0]!.row, format); // which copies it
      pieces.push(isPart && !isTurned ? copyOf(values) : tf.tensor1d(values, "float32"));
      if (!isLast) continue;
      const tensor = tf.concat(pieces);
      tf.dispose(pieces.splice(0));
      yield { ...step, tensor };
    }
  } finally {
    tf.dispose(pieces);
  }
}

/** A tensor of its own memory: to join two tensors copies them, on every backend; to make one of an array may not. */
function copyOf(values: Float32Array): tf.Tensor1D {
  const middle = values.length >> 1;
  return tf.tidy(() => tf.concat([tf.tensor1d(values.subarray(0, middle)), tf.tensor1d(values.subarray(middle))]));
}

/** Numbers that are read at once: 16 MB. */
const PIECE = 1 << 22;

/** Tensors of fewer numbers are not worth the copy. */
const SMALL = 1 << 14;

/** One question to the source: a tensor, or a part of a large one. */
interface Read {
  readonly step: Step;
  readonly start: number;
  readonly count: number;
  readonly isPart: boolean;
  readonly isLast: boolean;
}

function readsOf(source: WeightSource, step: Step): Read[] {
  const size = sizeOf(source, step);
  if (source.readPart === undefined || size < SMALL)
    return [{ step, start: 0, count: size, isPart: false, isLast: true }];
  return Array.from({ length: Math.ceil(size / PIECE) }, (_, i) => {
    const start = i * PIECE;
    return { step, start, count: Math.min(PIECE, size - start), isPart: true, isLast: start + PIECE >= size };
  });
}

/**
 * Reads one part while the one before is worked on, into two memories by turns. New memory for each would cost more time
 * than reading it, and stay until it is collected.
 */
async function* readAhead(
  source: WeightSource,
  steps: readonly Step[],
): AsyncGenerator<Read & { readonly values: Float32Array }> {
  const reads = steps.flatMap((step) => readsOf(source, step));
  const most = Math.max(0, ...reads.map(({ isPart, count }) => (isPart ? count : 0)));
  const memories = [new Float32Array(most), new Float32Array(most)] as const;
  const begin = (i: number): Promise<Float32Array> | undefined => {
    if (reads[i] === undefined) return undefined;
    const { step, start, count, isPart } = reads[i];
    const into = memories[i % 2]!.subarray(0, count);
    const reading = isPart ? source.readPart!(step.theirs, start, into) : source.read(step.theirs);
    reading.catch(() => {}); // thrown when its turn comes, or nobody waits for it any more
    return reading;
  };
  let next = begin(0);
  for (const [i, read] of reads.entries()) {
    const values = await next!;
    next = begin(i + 1);
    yield { ...read, values };
  }
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
