/** A chat with one question, as a server is asked. */
interface ChatRequest {
  readonly model: string;
  readonly prompt: string;
  readonly seed: number;
}

/** How a kind of server is asked, and where its answer stands. */
export interface ChatProtocol {
  /** The path that a base address lacks. */
  readonly path: string;
  body(request: ChatRequest): object;
  /** The text of one JSON object of the answer. */
  text(answer: unknown): unknown;
}

interface OpenAIAnswer {
  readonly choices?: readonly { readonly message?: { readonly content?: unknown } }[];
}

interface OllamaAnswer {
  readonly message?: { readonly content?: unknown };
}

/** Context for the judge in Ollama, the book's: enough for a task, two answers and the question. */
const CONTEXT_TOKENS = 2048;

/** The name of a protocol. */
export type ChatProtocolName = "openai" | "ollama";

/** The chat protocols that judges speak: OpenAI's, which most servers have, and Ollama's own. Temperature 0 always. */
export const CHAT_PROTOCOLS: Readonly<Record<ChatProtocolName, ChatProtocol>> = {
  openai: {
    path: "chat/completions",
    body: ({ model, prompt, seed }) => ({ model, messages: [userMessage(prompt)], seed, temperature: 0 }),
    text: (answer) => (answer as OpenAIAnswer | null)?.choices?.[0]?.message?.content,
  },
  ollama: {
    path: "api/chat",
    body: ({ model, prompt, seed }) => ({
      model,
      messages: [userMessage(prompt)],
      stream: false,
      options: { seed, temperature: 0, num_ctx: CONTEXT_TOKENS },
    }),
    text: (answer) => (answer as OllamaAnswer | null)?.message?.content,
  },
};

function userMessage(content: string): { role: "user"; content: string } {
  return { role: "user", content };
}

/** Which protocol an address speaks: Ollama's where it ends in /api/chat, else OpenAI's. */
export function protocolOf(url: string): ChatProtocolName {
  return new URL(url).pathname.endsWith(CHAT_PROTOCOLS.ollama.path) ? "ollama" : "openai";
}
