/** What the page asked for that the engine cannot do, by code. */
export type FaultCode =
  | "NOT_STARTED"
  | "MODEL_UNKNOWN"
  | "RUN_UNKNOWN"
  | "ANSWERS_ONLY"
  | "NOT_A_MODEL"
  | "NOT_A_RUN"
  | "TEXT_MISSING"
  | "TEXT_CHANGED"
  | "TEXT_TOO_SHORT"
  | "NOT_TUNED"
  | "VOCABULARY"
  | "STORAGE"
  | "NO_TEXT"
  | "NO_BLOCK"
  | "ZIP";

/** An error of the engine itself; the packages below have their own. */
export class EngineFault extends Error {
  override readonly name = "EngineFault";
  readonly code: FaultCode;

  constructor(code: FaultCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
