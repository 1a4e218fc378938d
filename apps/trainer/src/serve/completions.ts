import { GenerationRow } from "@scratch-llm/gpt";
import { z } from "zod";
import type { AnswerForm, Question } from "./answer.ts";
import { ApiError } from "./api-error.ts";
import { completionLogProbs } from "./log-probs.ts";
import { generateOptions, parseRequest, SHARED_FIELDS, tokensFor } from "./request-fields.ts";
import type { ServedModel } from "./served-model.ts";

/** OpenAI's default. */
const DEFAULT_TOKENS = 16;
const MOST_PROMPTS = 64;

const tokens = z.array(z.int().min(0).max(0x7fff_ffff)).min(1);
const CompletionRequest = z.object({
  ...SHARED_FIELDS,
  prompt: z.union([
    z.string(),
    tokens,
    z.array(z.string()).min(1).max(MOST_PROMPTS),
    z.array(tokens).min(1).max(MOST_PROMPTS),
  ]),
  echo: z.boolean().nullish(),
  logprobs: z.int().min(0).max(20).nullish(),
  best_of: z.int().min(1).nullish(),
  suffix: z.literal("", "The model cannot fill in text before a suffix.").nullish(),
});
type CompletionRequest = z.infer<typeof CompletionRequest>;

/**
 * Reads the body of POST /v1/completions. Special tokens in a prompt count as such, as in the model's training text.
 * @throws {ApiError}
 */
export function readCompletion(body: unknown, model: ServedModel): Question {
  const request = parseRequest(CompletionRequest, body);
  const { n: wishedChoices, logprobs, stream, stream_options: streamOptions, echo, best_of: bestOf } = request;
  const n = wishedChoices ?? 1;
  if (bestOf && bestOf !== n) throw new ApiError("invalid_value", { param: "best_of", reason: `it must be n, ${n}` });
  if (echo && typeof logprobs === "number")
    throw new ApiError("invalid_value", { param: "echo", reason: "it cannot go with logprobs" });
  const prompts = promptsOf(request, model);
  const options = {
    ...generateOptions(request, model),
    logProbs: typeof logprobs === "number",
    topLogProbs: logprobs ?? 0,
  };
  const rows = prompts.flatMap((prompt, p) => {
    const maxNewTokens = tokensFor(prompt, request.max_tokens ?? DEFAULT_TOKENS, model);
    const first = p * n;
    return Array.from(
      { length: n },
      (_, i) => new GenerationRow(first + i, prompt, { ...options, maxNewTokens }, model.decoder.contextLength),
    );
  });
  const echoed = prompts.map((prompt) => (echo ? model.tokenizer.decode(prompt) : ""));
  return {
    form: completionForm(model, {
      logprobs: typeof logprobs === "number",
      echoOf: (i) => echoed[Math.floor(i / n)] ?? "",
    }),
    rows,
    promptTokens: prompts.reduce((sum, { length }) => sum + length, 0),
    stream: stream ?? false,
    includeUsage: streamOptions?.include_usage ?? false,
    everyToken: typeof logprobs === "number",
  };
}

function promptsOf({ prompt }: CompletionRequest, { tokenizer }: ServedModel): Int32Array[] {
  const list = typeof prompt === "string" || typeof prompt[0] === "number" ? [prompt] : prompt;
  return (list as (string | number[])[]).map((one) =>
    typeof one === "string" ? tokenizer.encode(one, { allowedSpecial: "all" }) : Int32Array.from(one),
  );
}

interface FormOptions {
  readonly logprobs: boolean;
  /** The prompt as a choice repeats it. */
  readonly echoOf: (index: number) => string;
}

function completionForm({ tokenizer }: ServedModel, { logprobs, echoOf }: FormOptions): AnswerForm {
  const delta: AnswerForm["delta"] = ({ index, text, steps, finishReason }, offset) => ({
    index,
    text,
    logprobs: logprobs ? completionLogProbs(steps, tokenizer, offset) : null,
    finish_reason: finishReason,
  });
  return {
    idPrefix: "cmpl-",
    object: "text_completion",
    chunkObject: "text_completion",
    opening: (index) => {
      const text = echoOf(index);
      return text === "" ? undefined : { index, text, logprobs: null, finish_reason: null };
    },
    choice: (piece) => delta({ ...piece, text: echoOf(piece.index) + piece.text }, 0),
    delta,
  };
}
