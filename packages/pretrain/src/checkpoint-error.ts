/** A checkpoint cannot be written or read. */
export class CheckpointError extends Error {
  readonly code = "CHECKPOINT";
  override readonly name = "CheckpointError";
}
