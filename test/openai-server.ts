import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";

const FIXTURE = fileURLToPath(new URL("../fixtures/gpt2-weights/openai/", import.meta.url));

/** A stand-in for OpenAI's storage on 127.0.0.1: a tiny model's files under /124M/, Content-MD5, no list. */
export class OpenAIServer {
  /** Method and path of every request. */
  readonly asked: string[] = [];
  /** Origin and port, once started. */
  endpoint = "";
  withHash = true;
  /** Changes what is sent of a file. */
  change: (name: string, content: Buffer) => Buffer = (_, content) => content;
  readonly #server: Server = createServer((request, response) => void this.#answer(request, response));

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.endpoint = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
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
