import { type Dataset, stackRows } from "@scratch-llm/dataloader";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import * as tf from "@tensorflow/tfjs";
import type { LabeledText } from "./data/labeled-text.ts";
import { encodeText, padRow } from "./encode-text.ts";
import { ClassifierDataError, ClassifierOptionError } from "./errors.ts";

/** A text as the model reads it. */
export interface EncodedText {
  readonly ids: Int32Array;
  /** The number of its class. */
  readonly label: number;
}

/** What the model is trained on in one go. Whoever takes it from a loader disposes it. */
export interface TextBatch {
  /** int32 (b, t) */
  readonly inputs: tf.Tensor2D;
  /** int32 (b): numbers of classes */
  readonly targets: tf.Tensor1D;
}

/** How {@link SpamDataset} reads its texts. */
export interface SpamDatasetOptions {
  /** Names of the classes, in the order of their numbers; see `classNames`. */
  readonly labels: readonly string[];
  /** Tokens per text; default as many as the longest has. Validation and test take the training set's. */
  readonly maxLength?: number;
  /** The model's limit, which the longest text may exceed. */
  readonly contextLength?: number;
  /** Default the tokenizer's end-of-text token. */
  readonly padTokenId?: number;
  /** Fill every text up to `maxLength` (default); without, batches have one text. */
  readonly padding?: boolean;
}

/**
 * The book's data set of short texts and their classes (listing 6.4): cut or filled up to one length. It is as good for other
 * texts and for more than two classes.
 *
 * @example
 * ```ts
 * const labels = classNames(train);
 * const trainSet = new SpamDataset(train, tokenizer, { labels });
 * const valSet = new SpamDataset(val, tokenizer, { labels, maxLength: trainSet.maxLength });
 * const loader = new DataLoader(trainSet, { batchSize: 8, collate: collateTexts });
 * ```
 */
export class SpamDataset implements Dataset<EncodedText> {
  readonly length: number;
  readonly maxLength: number;
  readonly padTokenId: number;
  readonly padding: boolean;
  /** How many texts were cut. */
  readonly truncated: number;
  readonly #rows: readonly EncodedText[];

  /**
   * @throws {ClassifierDataError} `DATA_UNKNOWN_LABEL` when a text's class is not among `labels`
   * @throws {ClassifierOptionError} when lengths or padding cannot work
   */
  constructor(examples: readonly LabeledText[], tokenizer: Tokenizer, options: SpamDatasetOptions) {
    const { labels, contextLength = Infinity, padding = true, padTokenId = tokenizer.eosId } = options;
    if (padTokenId === undefined)
      throw new ClassifierOptionError("The tokenizer has no end-of-text token: give padTokenId.");
    requireLength("maxLength", options.maxLength ?? 1);
    requireLength("contextLength", options.contextLength ?? 1);
    const limit = Math.min(options.maxLength ?? Infinity, contextLength);
    const numbers = new Map(labels.map((label, i) => [label, i]));
    // One id more than the limit shows whether a text is cut.
    const encoded = examples.map(({ text, label }) => ({
      ids: encodeText(text, tokenizer, limit + 1),
      label: classNumber(label, numbers),
    }));
    const longest = encoded.reduce((most, { ids }) => Math.max(most, ids.length), 1);
    this.maxLength = Math.min(padding ? (options.maxLength ?? longest) : longest, limit);
    this.truncated = encoded.filter(({ ids }) => ids.length > this.maxLength).length;
    this.length = examples.length;
    this.padTokenId = padTokenId;
    this.padding = padding;
    this.#rows = encoded.map(({ ids, label }) => ({ ids: ids.subarray(0, this.maxLength), label }));
  }

  /** @throws {RangeError} outside `0 … length - 1`. */
  get(index: number): EncodedText {
    const row = this.#rows[index];
    if (!row) throw new RangeError(`Text ${index} does not exist: the data set has ${this.length}.`);
    return { ids: padRow(row.ids, this), label: row.label };
  }
}

/** Stacks texts of equal length into a batch. @throws {ClassifierOptionError} when they are not */
export function collateTexts(texts: readonly EncodedText[]): TextBatch {
  const rows = texts.map(({ ids }) => ids);
  const [width, other] = new Set(rows.map((row) => row.length));
  if (other !== undefined) {
    throw new ClassifierOptionError(`A batch has texts of ${width} and ${other} tokens: use padding, or batchSize 1.`);
  }
  return {
    inputs: stackRows(rows),
    targets: tf.tensor1d(
      texts.map(({ label }) => label),
      "int32",
    ),
  };
}

function requireLength(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new ClassifierOptionError(`${name} is ${value}; give a whole number of at least 1.`);
}

function classNumber(label: string, numbers: ReadonlyMap<string, number>): number {
  const number = numbers.get(label);
  if (number !== undefined) return number;
  const known = [...numbers.keys()].join(", ");
  throw new ClassifierDataError("DATA_UNKNOWN_LABEL", `A text has the label "${label}"; the classes are ${known}.`);
}
