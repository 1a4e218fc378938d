/** The tokens do not fill a single window: at least `maxLength + 1` are needed (a window and its last target). */
export class TextTooShortError extends Error {
  readonly code = "TEXT_TOO_SHORT";
  override readonly name = "TextTooShortError";

  constructor(received: number, needed: number) {
    super(
      `The text has ${received} tokens, but one window with its target needs ${needed}: ` +
        `give a longer text or a maxLength of at most ${Math.max(received - 1, 0)}.`,
    );
  }
}

/** An option of a dataset or loader is outside its range. */
export class LoaderOptionError extends Error {
  readonly code = "LOADER_OPTION";
  override readonly name = "LoaderOptionError";
}

/** A saved cursor does not belong to the loader that is to go on from it. */
export class CursorMismatchError extends Error {
  readonly code = "CURSOR_MISMATCH";
  override readonly name = "CursorMismatchError";
}

/** @throws {LoaderOptionError} unless `value` is a whole number ≥ 1. */
export function requirePositiveInteger(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new LoaderOptionError(`${name} is ${value}; give a whole number of at least 1.`);
  }
}
