/** What is wrong with the data, for programs. */
export type ClassifierDataErrorCode =
  | "DATA_FORMAT"
  | "DATA_COLUMNS"
  | "DATA_MISSING_LABEL"
  | "DATA_ONE_CLASS"
  | "DATA_UNKNOWN_LABEL"
  | "DATA_SPLIT"
  | "SPAM_DATA";

/** Data that a classifier cannot be trained or tested on; the message says what was found and what to do. */
export class ClassifierDataError extends Error {
  override readonly name = "ClassifierDataError";
  readonly code: ClassifierDataErrorCode;

  constructor(code: ClassifierDataErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Settings of a classifier that do not fit together. */
export class ClassifierOptionError extends Error {
  override readonly name = "ClassifierOptionError";
  readonly code = "CLASSIFIER_OPTION";
}
