/** A value that a function or constructor of this package cannot work with. */
export class ArgumentError extends Error {
  readonly code = "NN_ARGUMENT";
  override readonly name: string = "ArgumentError";
}

/** A tensor whose shape does not fit. */
export class ShapeError extends Error {
  readonly code = "NN_SHAPE";
  override readonly name: string = "ShapeError";
}
