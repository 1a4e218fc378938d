/** How well one class is told from the others. */
export interface ClassScore {
  readonly label: string;
  /** Texts of the class. */
  readonly count: number;
  /** Share of the texts put into this class that belong there; NaN where none was. */
  readonly precision: number;
  /** Share of its texts that were found; NaN where it has none. */
  readonly recall: number;
}

/** What became of every class. */
export interface Confusion {
  readonly labels: readonly string[];
  /** `table[actual][predicted]`: numbers of texts, in the order of `labels`. */
  readonly table: readonly (readonly number[])[];
  readonly accuracy: number;
  readonly classes: readonly ClassScore[];
}

/**
 * Compares classes with those that were predicted.
 *
 * @throws {RangeError} for lists of unequal length, or a class that is not among `labels`
 * @example
 * confusion(["ham", "spam"], ["ham", "ham", "spam"], ["ham", "spam", "spam"]).table; // [[1, 1], [0, 1]]
 */
export function confusion(
  labels: readonly string[],
  actual: readonly string[],
  predicted: readonly string[],
): Confusion {
  if (actual.length !== predicted.length) {
    throw new RangeError(`There are ${actual.length} classes and ${predicted.length} predictions: give one for each.`);
  }
  const table = labels.map(() => labels.map(() => 0));
  for (const [i, label] of actual.entries()) {
    const row = table[labels.indexOf(label)];
    const column = labels.indexOf(predicted[i] as string);
    if (!row || column < 0) throw new RangeError(`"${row ? predicted[i] : label}" is none of ${labels.join(", ")}.`);
    row[column] = (row[column] as number) + 1;
  }
  const right = labels.map((_, i) => table[i]?.[i] as number);
  const count = table.map(sum);
  const found = labels.map((_, column) => sum(table.map((row) => row[column] as number)));
  return {
    labels,
    table,
    accuracy: sum(right) / actual.length,
    classes: labels.map((label, i) => ({
      label,
      count: count[i] as number,
      precision: (right[i] as number) / (found[i] as number),
      recall: (right[i] as number) / (count[i] as number),
    })),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
