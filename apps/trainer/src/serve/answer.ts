import { randomUUID } from "node:crypto";
import type { FinishReason, GenerateStep, GenerationRow } from "@scratch-llm/gpt";
import type { Context } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import { ApiError, asApiError } from "./api-error.ts";
import type { Env, Service, WorkDone } from "./service.ts";

/** One of a request's answers: the whole of it, or what is new. */
interface Piece {
  readonly index: number;
  readonly text: string;
  /** Its tokens, without an end-of-text token. */
  readonly steps: readonly GenerateStep[];
  /** In OpenAI's words; null while it goes on. */
  readonly finishReason: "stop" | "length" | null;
}

/** How a kind of endpoint writes its answers. */
export interface AnswerForm {
  /** Begins the answer's id. */
  readonly idPrefix: string;
  readonly object: string;
  readonly chunkObject: string;
  /** What a streamed choice begins with, if with anything. */
  opening(index: number): object | undefined;
  /** A choice of a whole answer. */
  choice(piece: Piece): object;
  /** A choice of a streamed answer: what is new, and how much text came before. */
  delta(piece: Piece, offset: number): object;
}

/** A request that is ready to be answered. */
export interface Question {
  readonly form: AnswerForm;
  readonly rows: readonly GenerationRow[];
  readonly promptTokens: number;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  /** Whether every token is sent, though it shows no text. */
  readonly everyToken: boolean;
}

/** Answers a question as one JSON object or as server-sent events. Work ends with the client's connection. */
export async function answer(c: Context<Env>, service: Service, question: Question): Promise<Response> {
  const work: WorkDone = { promptTokens: question.promptTokens, generatedTokens: 0 };
  c.set("work", work);
  const { signal, done } = workSignal(c.req.raw.signal, service.limits.answerSeconds);
  let steps: AsyncIterable<GenerateStep>;
  try {
    steps = counted(service.scheduler.submit(question.rows, signal), work, service);
    if (!question.stream) return c.json(await wholeAnswer(steps, question, service, work));
  } finally {
    if (!question.stream) done();
  }
  return streamSSE(c, async (sse) => {
    try {
      await streamAnswer(sse, steps, question, service, work);
    } catch (error) {
      if (signal.aborted && c.req.raw.signal.aborted) return; // nobody listens any more
      c.set("problem", error);
      await sse.writeSSE({ data: JSON.stringify(asApiError(error).body(service.texts)) });
    } finally {
      done();
    }
  });
}

/** Aborted when the client goes away or the time is over. */
function workSignal(client: AbortSignal, seconds: number): { signal: AbortSignal; done: () => void } {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new ApiError("generation_timeout", { seconds })), seconds * 1000);
  client.addEventListener("abort", () => controller.abort(client.reason), { once: true });
  return { signal: controller.signal, done: () => clearTimeout(timer) };
}

async function* counted(
  steps: AsyncIterable<GenerateStep>,
  work: WorkDone,
  { metrics }: Service,
): AsyncGenerator<GenerateStep> {
  const started = performance.now();
  for await (const step of steps) {
    if (work.generatedTokens === 0) metrics.firstToken((performance.now() - started) / 1000);
    work.generatedTokens += 1;
    yield step;
  }
}

async function wholeAnswer(
  steps: AsyncIterable<GenerateStep>,
  { form, rows }: Question,
  service: Service,
  work: WorkDone,
): Promise<object> {
  const ofRow: GenerateStep[][] = rows.map(() => []);
  for await (const step of steps) ofRow[step.row]?.push(step);
  const choices = ofRow.map((all, index) => form.choice(asPiece(index, all)));
  return { ...head(form.object, form, service), choices, usage: usage(work) };
}

async function streamAnswer(
  sse: SSEStreamingApi,
  steps: AsyncIterable<GenerateStep>,
  { form, rows, includeUsage, everyToken }: Question,
  service: Service,
  work: WorkDone,
): Promise<void> {
  const top = { ...head(form.chunkObject, form, service) };
  const send = (choices: readonly object[], used: object | null = null): Promise<unknown> =>
    sse.writeSSE({ data: JSON.stringify({ ...top, choices, ...(includeUsage && { usage: used }) }) });
  const offsets = rows.map(() => 0);
  for (const index of rows.keys()) {
    const opening = form.opening(index);
    if (opening !== undefined) await send([opening]);
  }
  for await (const step of steps) {
    const piece = asPiece(step.row, [step]);
    const offset = offsets[step.row] ?? 0;
    offsets[step.row] = offset + step.text.length;
    if (step.text !== "" || step.finishReason || everyToken) await send([form.delta(piece, offset)]);
  }
  if (includeUsage) await send([], usage(work));
  await sse.writeSSE({ data: "[DONE]" });
}

function head(object: string, { idPrefix }: AnswerForm, { model }: Service): object {
  const id = `${idPrefix}${randomUUID().replaceAll("-", "")}`;
  return { id, object, created: Math.floor(Date.now() / 1000), model: model.id };
}

function asPiece(index: number, all: readonly GenerateStep[]): Piece {
  const steps = all.filter(({ finishReason }) => finishReason !== "eos");
  const finishReason = finishReasonOf(all.at(-1)?.finishReason);
  return { index, text: all.map(({ text }) => text).join(""), steps, finishReason };
}

function finishReasonOf(reason: FinishReason | undefined): Piece["finishReason"] {
  if (reason === undefined) return null;
  return reason === "length" || reason === "context" ? "length" : "stop";
}

function usage({ promptTokens, generatedTokens }: WorkDone): object {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: generatedTokens,
    total_tokens: promptTokens + generatedTokens,
  };
}
