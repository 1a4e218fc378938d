import type { GPTConfig } from "@scratch-llm/gpt";
import { WeightsError } from "./errors.ts";
import { isSameLayout, ourShape, takeTensor } from "./layout.ts";
import { matchWeights, type Step } from "./match.ts";
import type { WeightFormat } from "./names.ts";
import type { WeightSource } from "./source.ts";

/** One parameter of our model, read from a file, or a piece of a large one. */
export interface Weight {
  /** Our name, such as `trfBlocks.0.att.wQuery.weight`. */
  readonly name: string;
  /** Shape of the whole parameter. */
  readonly shape: number[];
  readonly values: Float32Array;
  /** Whether the parameter is whole with these values. Pieces come in order, one after another. */
  readonly isLast: boolean;
}

/** Numbers in a piece: 16 MB. */
const PIECE = 1 << 22;

/**
 * Every parameter of a model, one after another, from a source in any format. Only the tensor at hand, or the
 * piece of a large one, is in memory.
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
  const sorted = steps.toSorted((a, b) => sizeOf(source, b) - sizeOf(source, a));
  const reads = sorted.flatMap((step) => readsOf(source, step, format));
  for await (const { step, values, isLast } of readAhead(reads)) {
    if (step.check === "zero") checkZero(step, values);
    if (step.check === "tied") await checkTied(step, values, source, steps);
    for (const { name, row } of step.targets) {
      const isPiece = values.length < sizeOf(source, step);
      const taken = isPiece ? values : takeTensor(values, row, config, format);
      yield { name, shape: ourShape(row, config), values: taken, isLast };
    }
  }
}

/** One question to the source: a tensor, or a piece of a large one. */
interface Read {
  readonly step: Step;
  readonly isLast: boolean;
  readonly start: () => Promise<Float32Array>;
}

/** A tensor may come in pieces when it is large, alone in the file's tensor, and laid out there as here: the token embedding, above all. */
function readsOf(source: WeightSource, step: Step, format: WeightFormat): Read[] {
  const { theirs, targets, check } = step;
  const size = sizeOf(source, step);
  const isAlone = targets.length === 1 && check === undefined && isSameLayout(targets[0]!.row, format);
  if (source.readPart === undefined || !isAlone || size <= PIECE) {
    return [{ step, isLast: true, start: () => source.read(theirs) }];
  }
  return Array.from({ length: Math.ceil(size / PIECE) }, (_, i) => {
    const count = Math.min(PIECE, size - i * PIECE);
    const isLast = i * PIECE + count === size;
    return { step, isLast, start: () => source.readPart!(theirs, i * PIECE, count) };
  });
}

/** Reads one tensor while the one before is worked on. */
async function* readAhead(
  reads: readonly Read[],
): AsyncGenerator<{ readonly step: Step; readonly isLast: boolean; readonly values: Float32Array }> {
  let next = reads[0]?.start();
  for (const [i, { step, isLast }] of reads.entries()) {
    const values = await next!;
    next = reads[i + 1]?.start();
    next?.catch(() => {}); // thrown when its turn comes, or nobody waits for it any more
    yield { step, isLast, values };
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
