import { ClassifierDataError } from "../errors.ts";
import { classNames, countClasses, type LabeledText } from "./labeled-text.ts";
import { sample } from "./permutation.ts";

/** The book's `random_state`. */
const SEED = 123;

/**
 * As many texts of each class as the smallest has, drawn as the book draws them with pandas (listing 6.2): classes in
 * their order, the smallest left as it is.
 *
 * @param seed pandas' `random_state`, default 123
 * @throws {ClassifierDataError} `DATA_ONE_CLASS`
 */
export function createBalancedDataset<T extends LabeledText>(examples: readonly T[], seed: number = SEED): T[] {
  const labels = classNames(examples);
  const smallest = Math.min(...countClasses(examples, labels));
  return labels.flatMap((label) => {
    const ofClass = examples.filter((example) => example.label === label);
    return ofClass.length === smallest ? ofClass : sample(ofClass, seed, smallest);
  });
}

/** The three parts of a data set. */
export interface DatasetSplit<T> {
  readonly train: T[];
  readonly val: T[];
  readonly test: T[];
}

/** How {@link randomSplit} splits. */
export interface RandomSplitOptions {
  /** Share that trains, default 0.7. */
  readonly trainFrac?: number;
  /** Share that validates, default 0.1; the rest tests. */
  readonly validationFrac?: number;
  /** pandas' `random_state`, default 123. */
  readonly seed?: number;
}

/**
 * Shuffles a data set and splits it, as the book does with pandas (listing 6.3).
 *
 * @throws {ClassifierDataError} `DATA_SPLIT` when a part would be empty
 * @example
 * const { train, val, test } = randomSplit(createBalancedDataset(examples)); // 1,494 texts: 1,045, 149 and 300
 */
export function randomSplit<T>(examples: readonly T[], options: RandomSplitOptions = {}): DatasetSplit<T> {
  const { trainFrac = 0.7, validationFrac = 0.1, seed = SEED } = options;
  const shuffled = sample(examples, seed);
  const trainEnd = Math.trunc(shuffled.length * trainFrac);
  const valEnd = trainEnd + Math.trunc(shuffled.length * validationFrac);
  const split = {
    train: shuffled.slice(0, trainEnd),
    val: shuffled.slice(trainEnd, valEnd),
    test: shuffled.slice(valEnd),
  };
  const sizes = Object.values(split).map((part) => part.length);
  if (sizes.includes(0)) {
    throw new ClassifierDataError(
      "DATA_SPLIT",
      `${examples.length} texts split ${sizes.join(" / ")} for training, validation and test; give more texts or other shares.`,
    );
  }
  return split;
}
