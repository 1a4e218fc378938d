import { connect, type Socket } from "node:net";
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  post,
  startTinyServer,
  tinyModel,
  type TinyModel,
  type TinyServer,
  UNBROKEN,
  until,
} from "../../test/tiny-server.ts";

let tiny: TinyModel;
let server: TinyServer;
const completions = (): string => `${server.url}/v1/completions`;

beforeAll(async () => {
  tiny = await tinyModel();
  server = await startTinyServer(tiny);
});
afterAll(async () => {
  await server.stop();
});

/** The server is alive and free: it answers a request as ever. */
async function expectAlive(): Promise<void> {
  const answer = await post(completions(), { prompt: "A prompt", max_tokens: 2 });
  expect(answer.status).toBe(200);
  await until(() => server.decoder.taken === 0);
}

/** Sends bytes and reads what comes until the server hangs up. */
function talk(send: (socket: Socket) => void, { url } = server): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let received = "";
    const socket = connect(Number(port), hostname, () => send(socket));
    socket.on("data", (data: Buffer) => (received += data.toString()));
    socket.on("error", () => {}); // what is sent to one who has hung up: the answer is there
    socket.on("close", () => resolve(received));
  });
}

const bodyOf = (response: string): unknown => JSON.parse(response.slice(response.indexOf("\r\n\r\n")));

describe("a request that cannot work", () => {
  afterEach(expectAlive);

  it.each([
    ["bad JSON", "{", "invalid_json", null],
    ["a NaN temperature", '{"prompt": "A", "temperature": NaN}', "invalid_json", null],
    ["no object", "[1]", "invalid_value", ""],
    ["a temperature as text", { prompt: "A", temperature: "NaN" }, "invalid_value", "temperature"],
    ["a temperature below 0", { prompt: "A", temperature: -1 }, "invalid_value", "temperature"],
    ["no prompt", { max_tokens: 3 }, "invalid_value", "prompt"],
    ["an empty prompt", { prompt: "" }, "invalid_prompt", null],
    ["no tokens", { prompt: [] }, "invalid_value", "prompt"],
    ["a token that there is not", { prompt: [999_999] }, "invalid_prompt", null],
    ["a stop that is a number", { prompt: "A", stop: 7 }, "invalid_value", "stop"],
    ["half an answer", { prompt: "A", n: 0.5 }, "invalid_value", "n"],
    ["too many answers", { prompt: "A", n: 1000 }, "invalid_value", "n"],
    ["a suffix", { prompt: "A", suffix: "B" }, "invalid_value", "suffix"],
    ["a prompt beyond the context", { prompt: "A prompt ".repeat(50) }, "context_length_exceeded", null],
    ["an answer beyond the context", { prompt: "A", max_tokens: 96 }, "context_length_exceeded", null],
    ["a biased token that excludes all", { prompt: "A", logit_bias: { x: 1 } }, "invalid_value", "logit_bias.x"],
  ])("is answered with 400: %s", async (_, body, code, param) => {
    const answer = await post(completions(), body);
    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-type")).toContain("application/json");
    const { error } = (await answer.json()) as { error: Record<string, unknown> };
    expect(error).toMatchObject({ code, type: "invalid_request_error", message: expect.stringMatching(/\w{3}/u) });
    expect(error["param"]).toBe(param);
    const streamed = typeof body === "string" ? body : { ...body, stream: true };
    expect((await post(completions(), streamed)).status).toBe(400);
  });

  it.each([
    ["an unknown model", "/v1/completions", { model: "gpt-4", prompt: "A" }, 404, "model_not_found"],
    ["an unknown path", "/v1/embeddings", {}, 404, "not_found"],
    ["the wrong method", "/v1/models", {}, 405, "method_not_allowed"],
    ["a chat with a base model", "/v1/chat/completions", { messages: [] }, 400, "no_chat_template"],
  ])("has its status: %s", async (_, path, body, status, code) => {
    const answer = await post(server.url + path, body);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ error: { code } });
  });

  it("is answered with 415 when it is no JSON by its header, as pages of other origins send it", async () => {
    const answer = await post(completions(), { prompt: "A" }, { "Content-Type": "text/plain" });
    expect(answer.status).toBe(415);
  });

  it("ignores fields that it does not know, and null", async () => {
    const answer = await post(completions(), {
      prompt: "A",
      user: "me",
      wish: { a: 1 },
      temperature: null,
      seed: null,
    });
    expect(answer.status).toBe(200);
  });

  it("is answered with 413 when its body is large, with and without a length", async () => {
    const large = JSON.stringify({ prompt: "A".repeat(10_000_000) });
    expect((await post(completions(), large)).status).toBe(413);
    const chunked = await talk((socket) => {
      socket.write("POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n");
      socket.write("Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
      for (let i = 0; i < 20; i++) socket.write(`2000\r\n${"A".repeat(0x2000)}\r\n`);
    });
    expect(chunked).toMatch(/^HTTP\/1.1 413 /u);
    expect(bodyOf(chunked)).toMatchObject({ error: { code: "request_too_large" } });
  });

  it("is cut off with 408 when it comes too slowly, in its headers or its body", async () => {
    const slowly = (text: string) => (socket: Socket) => {
      socket.write(text);
      const timer = setInterval(() => socket.write("X"), 100);
      socket.on("close", () => clearInterval(timer));
      socket.on("end", () => clearInterval(timer));
    };
    const strict = await startTinyServer(tiny, { limits: { bodyBytes: 10_000, answerSeconds: 60, requestSeconds: 1 } });
    const answers = await Promise.all([
      talk(slowly("POST /v1/completions HTTP/1.1\r\nHost: a\r\nA: "), strict),
      talk(
        slowly(
          "POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n{",
        ),
        strict,
      ),
    ]);
    for (const answer of answers) {
      expect(answer).toMatch(/^HTTP\/1.1 408 /u);
      expect(bodyOf(answer)).toMatchObject({ error: { code: "request_timeout" } });
    }
    await strict.stop();
  });

  it("is answered with 400 or 431 when it is no HTTP", async () => {
    expect(await talk((socket) => socket.end("GET\r\n\r\n"))).toMatch(/^HTTP\/1.1 400 /u);
    const headers = await talk((socket) => socket.write(`GET / HTTP/1.1\r\nA: ${"a".repeat(40_000)}\r\n\r\n`));
    expect(headers).toMatch(/^HTTP\/1.1 431 /u);
  });
});

describe("limits", () => {
  it("refuses more answers than may wait, with 429 and when to try again", async () => {
    const small = await startTinyServer(tiny, { maxSlots: 1, queueLimit: 1 });
    const goOn = small.decoder.hold();
    let answered = 0;
    const ask = async (): Promise<Response> => {
      const answer = await post(`${small.url}/v1/completions`, { prompt: "A", max_tokens: 20, ...UNBROKEN });
      answered += 1;
      return answer;
    };
    const asked = Array.from({ length: 6 }, ask);
    await until(() => answered === 4); // the others, not before the model goes on
    goOn();
    const answers = await Promise.all(asked);
    const statuses = answers.map(({ status }) => status).toSorted();
    expect(statuses).toEqual([200, 200, 429, 429, 429, 429]);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.headers.get("retry-after")).toBe("1");
    expect(await refused?.json()).toMatchObject({ error: { code: "rate_limit_exceeded", type: "rate_limit_error" } });
    await small.stop();
  });

  it("ends an answer that takes too long with 504, or within its stream", async () => {
    const limits = { bodyBytes: 1000, answerSeconds: 0.2, requestSeconds: 60 };
    const slow = await startTinyServer(tiny, { pace: 30, limits });
    const url = `${slow.url}/v1/completions`;
    const answer = await post(url, { prompt: "A", max_tokens: 50, ...UNBROKEN });
    expect(answer.status).toBe(504);
    expect(await answer.json()).toMatchObject({ error: { code: "generation_timeout" } });
    const stream = await (await post(url, { prompt: "A", max_tokens: 50, stream: true, ...UNBROKEN })).text();
    expect(stream).toContain('"code":"generation_timeout"');
    expect(stream).not.toContain("[DONE]");
    await until(() => slow.decoder.taken === 0);
    await slow.stop();
  });

  it("asks for the key, when there is one, but not for the health", async () => {
    const closed = await startTinyServer(tiny, { apiKey: "open sesame" });
    const status = async (path: string, key?: string): Promise<number> =>
      (await fetch(closed.url + path, { headers: key === undefined ? {} : { Authorization: `Bearer ${key}` } })).status;
    expect(await status("/v1/models")).toBe(401);
    expect(await status("/v1/models", "open sesam")).toBe(401);
    expect(await status("/metrics")).toBe(401);
    expect(await status("/v1/models", "open sesame")).toBe(200);
    expect(await status("/health")).toBe(200);
    const client = new OpenAI({ baseURL: `${closed.url}/v1`, apiKey: "wrong" });
    await expect(client.models.list()).rejects.toMatchObject({ status: 401, code: "invalid_api_key" });
    await closed.stop();
  });

  it("lets pages of another origin call only where that is wished", async () => {
    const preflight = (url: string): Promise<Response> =>
      fetch(`${url}/v1/completions`, {
        method: "OPTIONS",
        headers: { Origin: "http://page.test", "Access-Control-Request-Method": "POST" },
      });
    expect((await preflight(server.url)).headers.get("access-control-allow-origin")).toBeNull();
    const shared = await startTinyServer(tiny, { cors: "http://page.test", apiKey: "key" });
    expect((await preflight(shared.url)).headers.get("access-control-allow-origin")).toBe("http://page.test");
    await shared.stop();
  });
});
