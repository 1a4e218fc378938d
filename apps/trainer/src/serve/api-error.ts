import type { ContentfulStatusCode } from "hono/utils/http-status";
import { fill, type Messages } from "../messages/messages.ts";

/** Every error of the HTTP interface: its status, and its type in OpenAI's form. */
const ERRORS = {
  invalid_json: [400, "invalid_request_error"],
  invalid_value: [400, "invalid_request_error"],
  context_length_exceeded: [400, "invalid_request_error"],
  no_chat_template: [400, "invalid_request_error"],
  invalid_prompt: [400, "invalid_request_error"],
  bad_request: [400, "invalid_request_error"],
  invalid_api_key: [401, "authentication_error"],
  not_found: [404, "invalid_request_error"],
  model_not_found: [404, "invalid_request_error"],
  method_not_allowed: [405, "invalid_request_error"],
  request_timeout: [408, "invalid_request_error"],
  request_too_large: [413, "invalid_request_error"],
  unsupported_media_type: [415, "invalid_request_error"],
  rate_limit_exceeded: [429, "rate_limit_error"],
  headers_too_large: [431, "invalid_request_error"],
  internal_error: [500, "server_error"],
  shutting_down: [503, "server_error"],
  generation_timeout: [504, "server_error"],
} as const satisfies Readonly<Record<string, readonly [ContentfulStatusCode, string]>>;

/** What went wrong, in one word that a program can test. */
export type ApiErrorCode = keyof typeof ERRORS;

/** An error as OpenAI's clients expect it. */
interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string;
  };
}

/** An answer that is an error; its words are in the messages. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ApiErrorCode;
  readonly status: ContentfulStatusCode;
  readonly #values: Readonly<Record<string, string | number>>;

  constructor(code: ApiErrorCode, values: Readonly<Record<string, string | number>> = {}, options?: ErrorOptions) {
    super(`${code} ${JSON.stringify(values)}`, options);
    this.code = code;
    [this.status] = ERRORS[code];
    this.#values = values;
  }

  /** In OpenAI's form. The value `param` names the field that is wrong. */
  body(texts: Messages["api"]): ErrorBody {
    const { code } = this;
    const { param = null } = this.#values;
    const message = fill(texts[code], this.#values);
    return { error: { message, type: ERRORS[code][1], param: param === null ? null : String(param), code } };
  }
}

/** Any error as one of ours: what is not the client's fault is `internal_error`. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const reason = error instanceof Error ? error.message : String(error);
  if (CLIENT_ERRORS.has(code)) return new ApiError("invalid_prompt", { reason }, { cause: error });
  return new ApiError("internal_error", {}, { cause: error });
}

/** Codes of the packages' errors that speak of a prompt or of options which the client chose. */
const CLIENT_ERRORS: ReadonlySet<string> = new Set([
  "CHAT_TEMPLATE",
  "DISALLOWED_SPECIAL",
  "EMPTY_PROMPT",
  "GENERATE_OPTIONS",
  "TOKEN_ID",
  "WORD_TOO_LONG",
]);
