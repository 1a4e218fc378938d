import pRetry, { AbortError } from "p-retry";
import { CHAT_PROTOCOLS, type ChatProtocol, type ChatProtocolName, protocolOf } from "./chat-protocol.ts";
import { JudgeError } from "./judge-error.ts";

/** A chat model behind an address. */
export interface ChatEndpoint {
  /**
   * Such as `http://localhost:11434/api/chat` (Ollama), `https://api.openai.com/v1` or any address of a server that speaks
   * OpenAI's protocol; the last part of the path may be left out.
   */
  readonly url: string;
  /** Default: found from the address. */
  readonly protocol?: ChatProtocolName;
  readonly model: string;
  readonly apiKey?: string;
  /** Default 123, as in the book. */
  readonly seed?: number;
  /** Longest wait for one answer. Default 120 s. */
  readonly timeoutMs?: number;
  /** Further attempts after a failure. Default 4. */
  readonly retries?: number;
  /** Wait before the second attempt; it doubles each time. Default 1 s. */
  readonly retryDelayMs?: number;
}

/** Answers a prompt with a text. */
export type QueryModel = (prompt: string, signal?: AbortSignal) => Promise<string>;

/**
 * Asks a chat model, as the book's `query_model` (section 7.8): temperature 0 and a fixed seed, so that the same question gets
 * the same answer. What may pass (no connection, a slow answer, too many requests, an error of the server) is tried again
 * after a pause.
 *
 * @throws JudgeError from the function that it makes
 * @throws TypeError when the address is none
 * @example
 * const query = queryModel({ url: "http://localhost:11434/api/chat", model: "llama3" });
 * await query("What do llamas eat?");
 */
export function queryModel(endpoint: ChatEndpoint): QueryModel {
  const { retries = 4, retryDelayMs = 1000 } = endpoint;
  const name = endpoint.protocol ?? protocolOf(endpoint.url);
  const protocol = CHAT_PROTOCOLS[name];
  const url = completeUrl(endpoint.url, protocol);
  return (prompt, signal) =>
    pRetry(() => ask({ endpoint, protocol, url, prompt, signal }), {
      retries,
      minTimeout: retryDelayMs,
      randomize: true,
      ...(signal && { signal }),
    });
}

interface Question {
  readonly endpoint: ChatEndpoint;
  readonly protocol: ChatProtocol;
  readonly url: string;
  readonly prompt: string;
  readonly signal: AbortSignal | undefined;
}

async function ask(question: Question): Promise<string> {
  const { url, endpoint, signal } = question;
  const timeout = AbortSignal.timeout(endpoint.timeoutMs ?? 120_000);
  let status: number;
  let body: string;
  try {
    const response = await fetch(url, request(question, signal ? AbortSignal.any([signal, timeout]) : timeout));
    [status, body] = [response.status, await response.text()];
  } catch (cause) {
    signal?.throwIfAborted();
    const reason = timeout.aborted ? `no answer within ${endpoint.timeoutMs ?? 120_000} ms` : reasonOf(cause);
    throw new JudgeError("JUDGE_UNREACHABLE", `${url} cannot be asked: ${reason}. Is the server running?`, { cause });
  }
  if (status >= 200 && status < 300) return readAnswer(body, question);
  const error = `${url} answers ${status}: ${body.slice(0, 200).trim()}`;
  if (status === 408 || status === 429 || status >= 500) throw new JudgeError("JUDGE_UNREACHABLE", `${error}.`);
  throw new AbortError(new JudgeError("JUDGE_REFUSED", `${error}. Check address, model and API key.`));
}

function request({ endpoint, protocol, prompt }: Question, signal: AbortSignal): RequestInit {
  const { model, apiKey, seed = 123 } = endpoint;
  return {
    method: "POST",
    headers: { "content-type": "application/json", ...(apiKey && { authorization: `Bearer ${apiKey}` }) },
    body: JSON.stringify(protocol.body({ model, prompt, seed })),
    signal,
  };
}

/** One JSON object, or one per line from a server that streams in spite of what it was told. */
function readAnswer(body: string, { protocol, url }: Question): string {
  try {
    const texts = objectsIn(body).map((answer) => protocol.text(answer));
    if (texts.length > 0 && texts.every((text) => typeof text === "string")) return texts.join("");
  } catch {
    // Not JSON: the error below shows it.
  }
  throw new JudgeError(
    "JUDGE_ANSWER",
    `${url} answers ${JSON.stringify(body.slice(0, 200))}, which is no chat answer.`,
  );
}

function objectsIn(body: string): unknown[] {
  try {
    return [JSON.parse(body)];
  } catch {
    return body.split("\n").flatMap((line): unknown[] => (line.trim() === "" ? [] : [JSON.parse(line)]));
  }
}

/** fetch says only "fetch failed"; its cause has the reason. */
function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return inner instanceof Error ? inner.message || inner.name : String(inner);
}

function completeUrl(url: string, { path }: ChatProtocol): string {
  const complete = new URL(url);
  if (!complete.pathname.endsWith(path)) complete.pathname = `${complete.pathname.replace(/\/$/u, "")}/${path}`;
  return complete.href;
}
