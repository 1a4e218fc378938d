import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import { LocalServer } from "./local-server.ts";

const FIXTURE = fileURLToPath(new URL("../fixtures/gpt2-weights/openai/", import.meta.url));

/** A stand-in for OpenAI's storage on 127.0.0.1: a tiny model's files under /124M/, Content-MD5, no list. */
export class OpenAIServer extends LocalServer {
  /** Method and path of every request. */
  readonly asked: string[] = [];
  withHash = true;
  /** Changes what is sent of a file. */
  change: (name: string, content: Buffer) => Buffer = (_, content) => content;

  constructor() {
    super((request, response) => void this.#answer(request, response));
  }

  async #answer({ method, url = "/" }: IncomingMessage, response: ServerResponse): Promise<void> {
    this.asked.push(`${method} ${url}`);
    const name = url.split("/").at(-1)!;
    const content = await readFile(FIXTURE + name).catch(() => undefined);
    if (content === undefined) {
      response.writeHead(404).end();
      return;
    }
    const md5 = createHash("md5").update(content).digest("base64");
    response.writeHead(200, { "content-length": content.length, ...(this.withHash ? { "content-md5": md5 } : {}) });
    response.end(method === "HEAD" ? undefined : this.change(name, content));
  }
}
