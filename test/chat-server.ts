import type { IncomingMessage, ServerResponse } from "node:http";
import { LocalServer } from "./local-server.ts";

/** A question as it reached the server. */
export interface SeenQuestion {
  readonly path: string;
  readonly prompt: string;
  readonly authorization: string | undefined;
  readonly body: {
    readonly model: string;
    readonly messages: readonly { readonly role: string; readonly content: string }[];
    readonly [field: string]: unknown;
  };
}

/** How the server answers: the assistant's text, or the whole response by hand. */
export type ChatAnswer = (question: SeenQuestion, attempt: number) => string | ((response: ServerResponse) => void);

/** A stand-in for a chat server on 127.0.0.1 that speaks OpenAI's protocol and Ollama's. */
export class ChatServer extends LocalServer {
  readonly questions: SeenQuestion[] = [];
  /** Most questions that were open at the same time. */
  mostAtOnce = 0;
  answer: ChatAnswer;
  readonly #attempts = new Map<string, number>();
  #open = 0;

  constructor(answer: ChatAnswer) {
    super((request, response) => void this.#respond(request, response));
    this.answer = answer;
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#open += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#open);
    response.on("close", () => (this.#open -= 1));
    let text = "";
    for await (const chunk of request) text += chunk;
    const body = JSON.parse(text);
    const prompt = body.messages[0].content;
    const path = request.url ?? "";
    const question = { path, prompt, authorization: request.headers.authorization, body };
    this.questions.push(question);
    const attempt = this.#attempts.get(prompt) ?? 0;
    this.#attempts.set(prompt, attempt + 1);
    const answer = this.answer(question, attempt);
    if (typeof answer === "function") return answer(response);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(path.endsWith("/api/chat") ? ollamaAnswer(answer) : openAIAnswer(answer)));
  }
}

/** What Ollama answers with `stream: false`. */
export function ollamaAnswer(content: string): object {
  return { model: "test", created_at: "2025-01-01T00:00:00Z", message: { role: "assistant", content }, done: true };
}

function openAIAnswer(content: string): object {
  const choice = { index: 0, message: { role: "assistant", content }, finish_reason: "stop" };
  return { id: "chat-1", object: "chat.completion", created: 1, model: "test", choices: [choice] };
}
