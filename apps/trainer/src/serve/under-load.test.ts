import OpenAI from "openai";
import { beforeAll, describe, expect, it } from "vitest";
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
beforeAll(async () => {
  tiny = await tinyModel();
});

interface Completion {
  readonly choices: readonly { readonly text: string }[];
  readonly usage: { readonly completion_tokens: number };
}

async function complete({ url }: TinyServer, wish: object): Promise<Completion> {
  const answer = await post(`${url}/v1/completions`, { max_tokens: 6, temperature: 0, ...wish });
  const { choices, usage } = (await answer.json()) as Completion;
  return { choices, usage };
}

const metric = async ({ url }: TinyServer, name: string): Promise<number> => {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name} (.+)$`, "mu").exec(text)?.[1]);
};

describe.each(["tfjs", "onnx"] as const)("many clients at once, on %s", (runtime) => {
  it("are all answered, each as if it were alone", async () => {
    const server = await startTinyServer(tiny, { runtime, maxSlots: 8 });
    const prompts = Array.from({ length: 16 }, (_, i) => "A prompt goes in and an answer".slice(0, i + 2));
    const alone: Completion[] = [];
    for (const prompt of prompts) alone.push(await complete(server, { prompt }));
    expect(new Set(alone.map(({ choices }) => choices[0]?.text)).size).toBeGreaterThan(3);
    const started = server.decoder.stepSizes.length;
    const goOn = server.decoder.hold();
    const answers = Array.from({ length: 64 }, (_, i) => complete(server, { prompt: prompts[i % 16] }));
    await until(async () => (await metric(server, "scratch_llm_rows_waiting")) >= 8);
    goOn();
    const together = await Promise.all(answers);
    expect(together).toEqual([...alone, ...alone, ...alone, ...alone]);
    expect(Math.max(...server.decoder.stepSizes.slice(started))).toBe(8); // they did share steps
    const tokens = [...alone, ...together].reduce((sum, { usage }) => sum + usage.completion_tokens, 0);
    expect(await metric(server, "scratch_llm_generated_tokens_total")).toBe(tokens);
    await server.stop();
  });

  it("fail one by one: what breaks a step ends the answers in it and no later one", async () => {
    const server = await startTinyServer(tiny, { runtime, pace: 5 });
    const good = await complete(server, { prompt: "A prompt" });
    const broken = post(`${server.url}/v1/completions`, { prompt: "A prompt", max_tokens: 50, ...UNBROKEN });
    await until(() => server.decoder.taken === 1);
    server.decoder.failure = new Error("out of memory");
    const answer = await broken;
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain("out of memory");
    expect(await complete(server, { prompt: "A prompt" })).toEqual(good);
    await until(() => server.log.length === 3);
    expect(server.log[1]).toMatchObject({ status: 500, err: { message: "out of memory" } });
    await server.stop();
  });
});

describe.each(["tfjs", "onnx"] as const)("a client that goes away, on %s", (runtime) => {
  const outcome = (answer: Promise<unknown>): Promise<string> => answer.then(() => "answered", String);

  it("ends the work within one token, streaming or not, and while it waits", async () => {
    const server = await startTinyServer(tiny, { runtime, maxSlots: 1, pace: 20 });
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none", maxRetries: 0 });
    const wish = { model: "tiny", prompt: "A prompt goes", max_tokens: 60, temperature: 0 };
    const stream = await client.completions.create({ ...wish, stream: true });
    const statuses = (): unknown[] => server.log.filter(({ path }) => path !== "/metrics").map(({ status }) => status);
    let goOn = server.decoder.hold();
    const waiting = new AbortController();
    const queued = outcome(client.completions.create(wish, { signal: waiting.signal }));
    await until(async () => (await metric(server, "scratch_llm_rows_waiting")) === 1);
    goOn();
    let chunks = 0;
    for await (const _ of stream) {
      chunks += 1;
      if (chunks === 5) waiting.abort();
      if (chunks === 8) break; // aborts the request
    }
    goOn = server.decoder.hold(); // until the server has seen it
    const steps = server.decoder.stepSizes.length;
    expect(await queued).toMatch("abort");
    await until(() => statuses().length === 2);
    goOn();
    await until(() => server.decoder.taken === 0);
    expect(server.decoder.stepSizes.length - steps).toBeLessThanOrEqual(1);

    const whole = new AbortController();
    const answer = outcome(client.completions.create(wish, { signal: whole.signal }));
    await until(() => server.decoder.taken === 1);
    goOn = server.decoder.hold();
    const after = server.decoder.stepSizes.length;
    whole.abort();
    expect(await answer).toMatch("abort");
    await until(() => statuses().length === 3);
    goOn();
    await until(() => server.decoder.taken === 0);
    expect(server.decoder.stepSizes.length - after).toBeLessThanOrEqual(1);

    expect(statuses()).toEqual([499, 499, 499]);
    expect(await metric(server, "scratch_llm_rows_running")).toBe(0);
    await server.stop();
  });
});

describe("a server that stops", () => {
  it("finishes what it has accepted, and takes nothing more", async () => {
    const server = await startTinyServer(tiny, { maxSlots: 2 });
    const expected = await complete(server, { prompt: "A prompt", max_tokens: 30 });
    const goOn = server.decoder.hold();
    const answers = Promise.all([1, 2, 3, 4].map(() => complete(server, { prompt: "A prompt", max_tokens: 30 })));
    await until(async () => (await metric(server, "scratch_llm_rows_waiting")) >= 2);
    const stopped = server.stop();
    const refused = await post(`${server.url}/v1/completions`, { prompt: "A" }).catch(() => undefined);
    expect(refused?.status ?? 503).toBe(503);
    goOn();
    expect(await answers).toEqual([expected, expected, expected, expected]);
    await stopped;
    await expect(fetch(`${server.url}/health`)).rejects.toThrow("fetch failed");
  });
});

it("logs each request once, with its work, and counts it", async () => {
  const server = await startTinyServer(tiny);
  await complete(server, { prompt: "A prompt" });
  await fetch(`${server.url}/nothing`);
  await until(() => server.log.length === 2);
  const promptTokens = tiny.tokenizer.encode("A prompt").length;
  expect(server.log[0]).toMatchObject({ method: "POST", path: "/v1/completions", status: 200, client: "127.0.0.1" });
  expect(server.log[0]).toMatchObject({ promptTokens, generatedTokens: 6, level: 30 });
  expect(server.log[1]).toMatchObject({ path: "/nothing", status: 404, level: 40 });
  expect(JSON.stringify(server.log)).not.toContain("A prompt"); // what people write is no matter of a log
  const text = await (await fetch(`${server.url}/metrics`)).text();
  expect(text).toContain('scratch_llm_requests_total{route="/v1/completions",status="200"} 1');
  expect(text).toContain('scratch_llm_requests_total{route="other",status="404"} 1');
  expect(text).toContain(`scratch_llm_prompt_tokens_total ${promptTokens}`);
  expect(text).toContain("scratch_llm_first_token_seconds_count 1");
  await server.stop();
});
