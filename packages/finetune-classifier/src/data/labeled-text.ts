import { ClassifierDataError } from "../errors.ts";

/** A text and the name of its class. */
export interface LabeledText {
  readonly text: string;
  readonly label: string;
}

/**
 * The classes of a data set in the order of their numbers: sorted, as numbers where all are whole ones, else by their
 * characters ("ham" is 0 and "spam" 1, as in section 6.2).
 *
 * @throws {ClassifierDataError} `DATA_ONE_CLASS` when there are fewer than two
 */
export function classNames(examples: readonly LabeledText[]): string[] {
  const names = [...new Set(examples.map(({ label }) => label))];
  if (names.length < 2) {
    const found = names.length === 0 ? "no text" : `${examples.length} texts, all of the class "${names[0]}"`;
    throw new ClassifierDataError("DATA_ONE_CLASS", `The data has ${found}; give texts of at least two classes.`);
  }
  const numeric = names.every((name) => /^-?\d{1,15}$/.test(name));
  return numeric ? names.toSorted((a, b) => Number(a) - Number(b)) : names.toSorted();
}

/** How many texts there are of each class, in the order of `labels`. */
export function countClasses(examples: readonly LabeledText[], labels: readonly string[]): number[] {
  const counts = new Map(labels.map((label) => [label, 0]));
  for (const { label } of examples) counts.set(label, (counts.get(label) ?? 0) + 1);
  return labels.map((label) => counts.get(label) ?? 0);
}
