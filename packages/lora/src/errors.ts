/** What went wrong, for programs. */
export type LoRAErrorCode = "LORA_NO_LAYER" | "LORA_OPTION" | "LORA_SHAPE" | "LORA_SHARED_WEIGHT" | "LORA_PEFT";

/** An adapter that does not fit its model, its options or its file; the message says what was found and what to do. */
export class LoRAError extends Error {
  override readonly name = "LoRAError";
  readonly code: LoRAErrorCode;

  constructor(code: LoRAErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
