/** Why a judge cannot be asked: no answer in spite of repetition, a refusal, or an answer that is no chat completion. */
export type JudgeErrorCode = "JUDGE_UNREACHABLE" | "JUDGE_REFUSED" | "JUDGE_ANSWER";

/** The judge's server does not do its work. Scores found before stay valid. */
export class JudgeError extends Error {
  override readonly name = "JudgeError";
  readonly code: JudgeErrorCode;

  constructor(code: JudgeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
