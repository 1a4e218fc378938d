import { once } from "node:events";
import { mkdtemp, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventsOf, importing, type Listening, startListening, startTrainer } from "@test/run-trainer.ts";
import { PHI3 } from "@scratch-llm/finetune-instruct";
import { GPTModel } from "@scratch-llm/gpt";
import { Generator } from "@scratch-llm/nn";
import { saveOnnxFolder } from "@scratch-llm/onnx/node";
import { saveHuggingFaceFolder } from "@scratch-llm/weights-loader/node";
import OpenAI from "openai";
import { beforeAll, describe, expect, it } from "vitest";
import { post, tinyModel } from "../../test/tiny-server.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "scratch-llm-serve-"));
  const { model, tokenizer } = await tinyModel();
  await saveHuggingFaceFolder(join(folder, "small"), { model, tokenizer });
  const shape = { vocabSize: tokenizer.vocabSize, contextLength: 512, embDim: 128, nHeads: 2, nLayers: 4 };
  const slow = new GPTModel({ ...shape, dropRate: 0, qkvBias: false }, { generator: new Generator(7) });
  await saveHuggingFaceFolder(join(folder, "slow"), { model: slow, tokenizer });
});

const CPU = ["--backend", "cpu"];

const start = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Listening> =>
  startListening(["serve", ...args], { cwd: folder, env });

describe("serve", () => {
  it("serves a folder under its name, and after SIGTERM ends with what it was answering", async () => {
    const { child, ended, url } = await start([...CPU, "--model", "small", "--template", "phi3"]);
    const models = (await (await fetch(`${url}/v1/models`)).json()) as { data: { id: string }[] };
    expect(models.data.map(({ id }) => id)).toEqual(["small"]);
    const chat = { model: "small", messages: [{ role: "user", content: "A" }], temperature: 0, stream: true };
    const answer = await post(`${url}/v1/chat/completions`, chat);
    const reader = answer.body?.getReader();
    await reader?.read(); // it has begun
    child.kill("SIGTERM");
    let text = "";
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read())
      text += new TextDecoder().decode(part.value);
    expect(text).toMatch(/"finish_reason":"length"[^\n]*\n\ndata: \[DONE\]\n\n$/u);
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(0);
    const [listening, done] = eventsOf(stdout).slice(-2);
    expect(listening).toMatchObject({ type: "listening", model: "small", chat: "phi3" });
    expect(done).toEqual({ type: "done" });
    expect(eventsOf(stderr)).toEqual([]); // --json is quiet: only warnings are logged
  });

  it("asks for the key of the environment, and ends at once with a second signal", async () => {
    const { child, ended, url } = await start([...CPU, "--model", "slow", "--name", "mine"], {
      SCRATCH_LLM_API_KEY: "k",
    });
    const headers = { Authorization: "Bearer k" };
    const wish = { model: "mine", prompt: "A", max_tokens: 500, temperature: 0, stream: true }; // some seconds
    expect((await post(`${url}/v1/completions`, wish)).status).toBe(401);
    const answer = await post(`${url}/v1/completions`, wish, headers);
    expect(answer.status).toBe(200);
    child.kill("SIGINT");
    child.kill("SIGTERM");
    expect((await ended).code).toBe(130);
  });

  const refusal = (port: string | number): string =>
    `Error: Cannot listen on 127.0.0.1 port ${port}: EADDRINUSE. Choose another --port or --host.\n`;

  it("says where it cannot listen, before it opens the model", async () => {
    const { child, ended, url } = await start([...CPU, "--model", "small"]);
    const { port } = new URL(url);
    const second = startTrainer(["serve", ...CPU, "--model", "small", "--port", port], { cwd: folder });
    expect(await second.ended).toEqual({ code: 1, stdout: "", stderr: refusal(port) });
    child.kill("SIGTERM");
    expect((await ended).code).toBe(0);
  });

  it("says so, too, when the port was taken while it opened the model", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    taken.close();
    await once(taken, "close");
    const taking = `import { once } from "node:events"; import { createServer } from "node:net";
      import { isMainThread } from "node:worker_threads";
      if (!isMainThread) await once(createServer().listen(${port}, "127.0.0.1"), "listening");`;
    const how = { cwd: folder, env: importing(taking) };
    const { code, stdout, stderr } = await startTrainer(["serve", ...CPU, "--model", "small", "--port", `${port}`], how)
      .ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe(`Runs on TensorFlow.js (cpu).\n${refusal(port)}`);
  });

  it("chats by itself where the model brings a chat template", async () => {
    const config = {
      chat_template:
        "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}",
    };
    await saveHuggingFaceFolder(join(folder, "chatty"), await tinyModel());
    await writeFile(join(folder, "chatty", "tokenizer_config.json"), JSON.stringify(config));
    const { child, ended, url } = await start([...CPU, "--model", "chatty"]);
    const chat = { messages: [{ role: "user", content: "A" }], max_tokens: 2 };
    expect((await post(`${url}/v1/chat/completions`, chat)).status).toBe(200);
    child.kill("SIGTERM");
    expect((await ended).code).toBe(0);
  });

  it("answers others while it reads a long prompt", async () => {
    const { child, ended, url } = await start([...CPU, "--model", "slow"]);
    const prompt = Array.from({ length: 500 }, (_, i) => i % 200);
    const state = { answered: false };
    const answer = post(`${url}/v1/completions`, { prompt, max_tokens: 1 }).finally(() => (state.answered = true));
    let checks = 0;
    while (!state.answered) {
      expect((await fetch(`${url}/health`)).status).toBe(200);
      checks += 1;
    }
    expect((await answer).status).toBe(200);
    expect(checks).toBeGreaterThan(20); // where one thread does both, it is no more than two or three
    child.kill("SIGTERM");
    expect((await ended).code).toBe(0);
  });
});

describe("a deployed folder", () => {
  it("answers the openai client in the format that it carries, streaming or not, and many at once", async () => {
    const { model, tokenizer } = await tinyModel();
    const extra = { tokenizerConfig: { ...PHI3.chatTemplate } };
    await saveOnnxFolder(join(folder, "deployed"), { model, tokenizer, extra });
    const { child, ended, url } = await start(["--model", "deployed"]);
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 });
    const wish = (content: string) => ({
      model: "deployed",
      messages: [{ role: "user" as const, content }],
      temperature: 0,
      max_tokens: 8,
    });
    const textOf = async (content: string): Promise<string | null | undefined> =>
      (await client.chat.completions.create(wish(content))).choices[0]?.message.content;
    const whole = await textOf("A prompt");
    let streamed = "";
    for await (const { choices } of await client.chat.completions.create({ ...wish("A prompt"), stream: true })) {
      streamed += choices[0]?.delta.content ?? "";
    }
    expect(streamed).toBe(whole);
    const prompt = PHI3.conversation([{ role: "user", content: "A prompt" }]);
    const same = await client.completions.create({ model: "deployed", prompt, temperature: 0, max_tokens: 8 });
    expect(same.choices[0]?.text).toBe(whole);
    const others = ["A", "A prompt", "An answer", "goes"];
    const alone: unknown[] = [];
    for (const text of others) alone.push(await textOf(text));
    const together = await Promise.all(Array.from({ length: 64 }, (_, i) => textOf(others[i % 4] as string)));
    expect(together).toEqual(Array.from({ length: 64 }, (_, i) => alone[i % 4]));
    child.kill("SIGTERM");
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(eventsOf(stdout).map(({ type }) => type)).toEqual(["runtime", "listening", "done"]);
  });

  it.each([
    [["--model", "deployed", "--runtime", "tfjs"], "deployed is for ONNX Runtime and --runtime tfjs for TensorFlow.js"],
    [["--model", "deployed", ...CPU], "deployed is for ONNX Runtime and --backend cpu for TensorFlow.js"],
    [["--model", "small", "--quantize", "int8", "--eager"], "--quantize int8 is for ONNX Runtime and --eager"],
    [["--model", "deployed", "--quantize", "int8"], "deployed is exported already (--quantize none)"],
  ])("is not run by flags that contradict one another: %s", async (args, words) => {
    const { code, stderr } = await startTrainer(["serve", "--port", "0", ...args], { cwd: folder }).ended;
    expect(code).toBe(2);
    expect(stderr).toContain(words);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});

describe("where onnxruntime-node is not installed", () => {
  /** Node does not find it in this process. */
  const missing = (): NodeJS.ProcessEnv => {
    const hook =
      'export const resolve = (name, context, next) => next(name.replace(/^onnxruntime-node$/u, "missing"), context);';
    const url = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
    return importing(`import { register } from "node:module"; register(${JSON.stringify(url(hook))});`);
  };

  it("runs on TensorFlow.js without a word of it", async () => {
    const args = ["generate", "--model", "small", "--prompt", "A", "--max-new-tokens", "2"];
    const { code, stderr } = await startTrainer(args, { cwd: folder, env: missing() }).ended;
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/^Runs on TensorFlow\.js \(\w+\)\.$/mu);
    expect(stderr).not.toMatch(/onnx/iu);
  });

  it.each([
    [["--model", "small", "--runtime", "onnx"], "--runtime onnx needs ONNX Runtime"],
    [["--model", "deployed"], "deployed needs ONNX Runtime"],
  ])("says in one line how to install it where it is needed: %s", async (args, words) => {
    const all = ["serve", "--port", "0", ...args];
    const { code, stderr } = await startTrainer(all, { cwd: folder, env: missing() }).ended;
    expect(code).toBe(1);
    expect(stderr).toContain(words);
    expect(stderr).toContain("npm install onnxruntime-node");
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});
