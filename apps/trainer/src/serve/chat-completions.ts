import { answerEnds, type ChatMessage } from "@scratch-llm/finetune-instruct";
import { GenerationRow } from "@scratch-llm/gpt";
import { z } from "zod";
import type { AnswerForm, Question } from "./answer.ts";
import { ApiError } from "./api-error.ts";
import { chatLogProbs } from "./log-probs.ts";
import { generateOptions, parseRequest, SHARED_FIELDS, tokensFor } from "./request-fields.ts";
import type { ServedModel } from "./served-model.ts";

const textPart = z.object({ type: z.literal("text", "The model reads only text."), text: z.string() });
const content = z.union([z.string(), z.array(textPart)]);
const NO_TOOLS = "The model cannot call tools.";

const ChatRequest = z.object({
  ...SHARED_FIELDS,
  messages: z.array(z.object({ role: z.enum(["system", "developer", "user", "assistant"]), content })).min(1),
  max_completion_tokens: z.int().min(1).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  tools: z.array(z.unknown()).max(0, NO_TOOLS).nullish(),
  functions: z.array(z.unknown()).max(0, NO_TOOLS).nullish(),
  response_format: z.object({ type: z.literal("text", "The model answers only with text.") }).nullish(),
});
type ChatRequest = z.infer<typeof ChatRequest>;

/**
 * Reads the body of POST /v1/chat/completions and writes its messages as the model's prompt.
 * @throws {ApiError} `no_chat_template` when it is a base model
 * @throws {FormatError} when the chat template refuses these messages
 */
export function readChat(body: unknown, model: ServedModel): Question {
  const { format, tokenizer } = model;
  if (format === undefined) throw new ApiError("no_chat_template", { model: model.id });
  const request = parseRequest(ChatRequest, body);
  const { n, logprobs, top_logprobs: top, stream, stream_options: streamOptions } = request;
  if (top && !logprobs) throw new ApiError("invalid_value", { param: "top_logprobs", reason: "it needs logprobs" });
  const text = format.conversation(request.messages.map(asMessage));
  const prompt = tokenizer.encode(text, format.specialTokens ? { allowedSpecial: "all" } : {});
  const options = generateOptions(request, model);
  const perRow = {
    ...options,
    stopStrings: [...(options.stopStrings ?? []), ...answerEnds(format)],
    logProbs: logprobs === true,
    topLogProbs: top ?? 0,
    maxNewTokens: tokensFor(prompt, request.max_completion_tokens ?? request.max_tokens ?? undefined, model),
  };
  const { contextLength } = model.decoder;
  return {
    form: chatForm(model, logprobs === true),
    rows: Array.from({ length: n ?? 1 }, (_, i) => new GenerationRow(i, prompt, perRow, contextLength)),
    promptTokens: prompt.length,
    stream: stream ?? false,
    includeUsage: streamOptions?.include_usage ?? false,
    everyToken: logprobs === true,
  };
}

function asMessage({ role, content }: ChatRequest["messages"][number]): ChatMessage {
  const text = typeof content === "string" ? content : content.map((part) => part.text).join("");
  return { role: role === "developer" ? "system" : role, content: text };
}

function chatForm({ tokenizer }: ServedModel, logprobs: boolean): AnswerForm {
  return {
    idPrefix: "chatcmpl-",
    object: "chat.completion",
    chunkObject: "chat.completion.chunk",
    opening: (index) => ({
      index,
      delta: { role: "assistant", content: "", refusal: null },
      logprobs: null,
      finish_reason: null,
    }),
    choice: ({ index, text, steps, finishReason }) => ({
      index,
      message: { role: "assistant", content: text, refusal: null },
      logprobs: logprobs ? chatLogProbs(steps, tokenizer) : null,
      finish_reason: finishReason,
    }),
    delta: ({ index, text, steps, finishReason }) => ({
      index,
      delta: text === "" ? {} : { content: text },
      logprobs: logprobs ? chatLogProbs(steps, tokenizer) : null,
      finish_reason: finishReason,
    }),
  };
}
