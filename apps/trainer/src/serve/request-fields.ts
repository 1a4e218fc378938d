import { randomInt } from "node:crypto";
import { EmptyPromptError, type GenerateOptions, type LogitsProcessor, TokenIdError } from "@scratch-llm/gpt";
import { z } from "zod";
import { ApiError } from "./api-error.ts";
import type { ServedModel } from "./served-model.ts";

/** Most answers that one request may ask for. */
const MOST_CHOICES = 32;

/** Fields of both kinds of request, as OpenAI defines them; top_k, min_p, repetition_penalty and min_tokens are vLLM's. */
export const SHARED_FIELDS = {
  model: z.string().nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  logit_bias: z.record(z.string().regex(/^\d+$/u), z.number().min(-100).max(100)).nullish(),
  max_tokens: z.int().min(1).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  min_tokens: z.int().min(0).nullish(),
  n: z.int().min(1).max(MOST_CHOICES).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  repetition_penalty: z.number().gt(0).max(10).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(16)]).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_k: z.int().min(-1).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
} as const;

/** A request with the shared fields. */
export type SharedRequest = z.infer<z.ZodObject<typeof SHARED_FIELDS>>;

/**
 * Reads a body. Fields that are not known are ignored.
 * @throws {ApiError} `invalid_value` naming the first field that cannot work
 */
export function parseRequest<T>(schema: z.ZodType<T>, body: unknown): T {
  const { data, error } = schema.safeParse(body);
  if (data !== undefined) return data;
  const [issue] = error?.issues ?? [];
  const param = issue?.path.join(".") ?? "";
  throw new ApiError("invalid_value", { param, reason: issue?.message ?? "" });
}

/** How a request wants its text to be written. Without a seed every request has its own, as with OpenAI. */
export function generateOptions(request: SharedRequest, { tokenizer }: ServedModel): GenerateOptions {
  const topK = request.top_k ?? 0;
  return {
    minNewTokens: request.min_tokens ?? undefined,
    temperature: request.temperature ?? 1,
    topK: topK > 0 ? topK : undefined,
    topP: request.top_p ?? undefined,
    minP: request.min_p ?? undefined,
    repetitionPenalty: request.repetition_penalty ?? undefined,
    presencePenalty: request.presence_penalty ?? undefined,
    frequencyPenalty: request.frequency_penalty ?? undefined,
    processors: request.logit_bias ? [logitBias(request.logit_bias)] : [],
    seed: request.seed ?? randomInt(0x1_0000_0000),
    stopStrings: typeof request.stop === "string" ? [request.stop] : (request.stop ?? []),
    eosId: tokenizer.eosId,
    tokenizer,
    overflow: "stop",
  };
}

/**
 * Checks a prompt, before an answer begins: how many tokens it may get.
 * @throws {EmptyPromptError}
 * @throws {TokenIdError} where the model does not know a token
 * @throws {ApiError} `context_length_exceeded` when prompt and answer do not fit together
 */
export function tokensFor(prompt: Int32Array, wished: number | undefined, { decoder }: ServedModel): number {
  if (prompt.length === 0) throw new EmptyPromptError();
  const unknown = prompt.find((id) => id >= decoder.vocabSize);
  if (unknown !== undefined) throw new TokenIdError(unknown, decoder.vocabSize);
  const context = decoder.contextLength;
  const room = context - prompt.length;
  if (room >= (wished ?? 1)) return wished ?? room;
  throw new ApiError("context_length_exceeded", { context, prompt: prompt.length, wished: wished ?? 1 });
}

/** Adds a number to the logits of some tokens. */
function logitBias(bias: Readonly<Record<string, number>>): LogitsProcessor {
  return (logits) => {
    for (const [id, value] of Object.entries(bias)) logits[Number(id)] = (logits[Number(id)] ?? 0) + value;
    return logits;
  };
}
