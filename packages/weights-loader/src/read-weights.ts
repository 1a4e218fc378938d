import type { GPTConfig } from "@scratch-llm/gpt";
import { WeightsError } from "./errors.ts";
import { ourShape, takeTensor } from "./layout.ts";
import { matchWeights, type Step } from "./match.ts";
import type { WeightFormat } from "./names.ts";
import type { WeightSource } from "./source.ts";

/** One parameter of our model, read from a file. */
export interface Weight {
  /** Our name, such as `trfBlocks.0.att.wQuery.weight`. */
  readonly name: string;
  readonly shape: number[];
  readonly values: Float32Array;
}

/**
 * Every parameter of a model, one after another, from a source in any format. Only the tensor at hand is in memory.
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
  // The largest first: while its bytes are here twice, little else is, and the peak is lower.
  for (const step of steps.toSorted((a, b) => sizeOf(source, b) - sizeOf(source, a))) {
    const values = await source.read(step.theirs);
    if (step.check === "zero") checkZero(step, values);
    if (step.check === "tied") await checkTied(step, values, source, steps);
    for (const { name, row } of step.targets) {
      yield { name, shape: ourShape(row, config), values: takeTensor(values, row, config, format) };
    }
  }
}

function sizeOf(source: WeightSource, { theirs }: Step): number {
  return source.tensors.get(theirs)!.shape.reduce((a, b) => a * b, 1);
}

function checkZero({ theirs }: Step, values: Float32Array): void {
  if (values.every((value) => value === 0)) return;
  throw new WeightsError(
    "CONFIG_INVALID",
    `The configuration says qkvBias false, but ${theirs} is not zero; set qkvBias to true.`,
  );
}

async function checkTied(
  { theirs }: Step,
  head: Float32Array,
  source: WeightSource,
  steps: readonly Step[],
): Promise<void> {
  const embedding = steps.find(({ targets }) => targets.some(({ name }) => name === "tokEmb.weight"))!;
  const values = await source.read(embedding.theirs);
  if (values.every((value, i) => value === head[i])) return;
  throw new WeightsError(
    "CONFIG_INVALID",
    `The configuration says that the head is the token embedding, but ${theirs} differs from ${embedding.theirs}; set tie_word_embeddings to false.`,
  );
}
