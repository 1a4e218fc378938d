// What the built `serve` says and does where something is wrong.
import { execFile, spawnSync } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventsOf, importing, startListening, startTrainer } from "@test/run-trainer.ts";
import { GPTModel } from "@scratch-llm/gpt";
import { Generator } from "@scratch-llm/nn";
import { saveOnnxFolder } from "@scratch-llm/onnx/node";
import { saveHuggingFaceFolder } from "@scratch-llm/weights-loader/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { post, tinyModel, UNBROKEN, until } from "../../test/tiny-server.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "serve-errors-"));
  const { model, tokenizer } = await tinyModel();
  await saveOnnxFolder(join(folder, "deployed"), { model, tokenizer });
  const shape = { vocabSize: tokenizer.vocabSize, contextLength: 512, embDim: 128, nHeads: 2, nLayers: 4 };
  const slow = new GPTModel({ ...shape, dropRate: 0, qkvBias: false }, { generator: new Generator(7) });
  await saveHuggingFaceFolder(join(folder, "slow"), { model: slow, tokenizer });
});
afterAll(() => rm(folder, { recursive: true }));

describe("is refused in one line, with 2", () => {
  it.each([
    ["a port that there is not", ["--port", "70000"], /--port.*70000.*from 0 to 65535/u],
    ["a port in words", ["--port", "abc"], /--port.*abc.*from 0 to 65535/u],
    ["an origin with a path", ["--cors", "https://page.test/"], /--cors.*https:\/\/page\.test\/.*such as https:/u],
    ["an origin without a protocol", ["--cors", "page.test"], /--cors.*page\.test.*such as https:/u],
    ["an empty key", ["--api-key", ""], /The key is empty/u],
    ["an empty key, in Chinese", ["--api-key", "", "--lang", "zh"], /^错误：密钥为空/u],
  ])("%s", async (_, args, words) => {
    const { code, stdout, stderr } = await startTrainer(["serve", ...args], { cwd: folder }).ended;
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(words);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});

describe("a deployed folder is refused in one line, with 1,", () => {
  const cut = async (path: string): Promise<void> => writeFile(path, (await readFile(path)).subarray(0, -100));
  const cutAll = async (path: string, ...names: string[]): Promise<void> => {
    for (const name of names) await cut(join(path, name));
  };
  it.each<[string, (path: string) => Promise<void>, RegExp]>([
    ["without its weights", (path) => rm(join(path, "onnx", "model.onnx_data")), /model\.onnx_data are missing: copy/u],
    ["with half its weights", (path) => cut(join(path, "onnx", "model.onnx_data")), /bytes instead of \d+: copy/u],
    ["with half a graph", (path) => cut(join(path, "onnx", "decoder.onnx")), /decoder\.onnx is damaged/u],
    ["without a tokenizer", (path) => rm(join(path, "tokenizer.json")), /has no tokenizer\.json/u],
    ["with half a tokenizer", (path) => cut(join(path, "tokenizer.json")), /tokenizer\.json is not JSON/u],
    [
      "first for its tokenizer",
      (path) => cutAll(path, "tokenizer.json", "onnx/model.onnx_data"),
      /tokenizer\.json is/u,
    ],
  ])("%s", async (name, damage, words) => {
    const path = join(folder, name);
    await cp(join(folder, "deployed"), path, { recursive: true });
    for (const old of ["vocab.json", "merges.txt"]) await rm(join(path, old)); // they would do, too
    await damage(path);
    const args = ["serve", "--model", path, "--port", "0", "--lang", "zh"];
    const { code, stdout, stderr } = await startTrainer(args, { cwd: folder }).ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^错误：[^。（]*。（.*）$/mu);
    expect(stderr).toMatch(words);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});

it("Ctrl-C while a model is being opened ends with one line and 130", async () => {
  const forever = `import { writeSync } from "node:fs"; import { isMainThread } from "node:worker_threads";
    if (!isMainThread) { writeSync(2, "opening\\n"); await new Promise((resolve) => setTimeout(resolve, 600_000)); }`;
  const how = { cwd: folder, env: importing(forever) };
  const { child, ended } = startTrainer(["serve", "--model", "deployed", "--port", "0"], how);
  child.stderr.once("data", () => child.kill("SIGINT"));
  const { code, stderr } = await ended;
  expect(stderr).toBe("opening\nError: Stopped.\n");
  expect(code).toBe(130);
});

it("when the model's thread ends before its time, every client hears of it and the server ends with 1", async () => {
  const ending = `import { BroadcastChannel, isMainThread } from "node:worker_threads";
    const channel = new BroadcastChannel("end");
    if (isMainThread) process.on("SIGUSR2", () => channel.postMessage(""));
    else channel.onmessage = () => process.exit(7);
    channel.unref();`;
  const args = ["serve", "--model", "slow", "--backend", "cpu", "--slots", "2"];
  const { child, ended, url } = await startListening(args, { cwd: folder, env: importing(ending) });
  const ask = async (stream: boolean): Promise<{ status: number; text: string }> => {
    const answer = await post(`${url}/v1/completions`, { prompt: "A", max_tokens: 500, stream, ...UNBROKEN });
    return { status: answer.status, text: await answer.text() };
  };
  const rows = async (is: string): Promise<boolean> =>
    (await (await fetch(`${url}/metrics`)).text()).includes(`\nscratch_llm_rows_${is}\n`);
  const answers = [ask(true)];
  await until(() => rows("running 1"));
  answers.push(ask(false));
  await until(() => rows("running 2"));
  answers.push(ask(false));
  await until(() => rows("waiting 1"));
  child.kill("SIGUSR2");
  const [streamed, running, waiting] = await Promise.all(answers);
  for (const whole of [running, waiting]) {
    expect(whole?.status).toBe(500);
    expect(JSON.parse(whole?.text ?? "")).toMatchObject({ error: { code: "internal_error", type: "server_error" } });
  }
  expect(streamed?.text).toMatch(/data: \{"error":\{[^\n]*"code":"internal_error"\}\}\n\n$/u);
  const { code, stdout } = await ended;
  expect(code).toBe(1);
  expect(eventsOf(stdout).at(-1)).toMatchObject({ type: "error", code: "MODEL_THREAD" });
});

const hasCurl = spawnSync("curl", ["--version"]).error === undefined;
it.skipIf(!hasCurl)(
  "answers curl, streaming or not, and pages of the origin that may call, also with what is wrong",
  async () => {
    const origin = "https://page.test";
    const args = ["serve", "--model", "deployed", "--cors", origin];
    const { child, ended, url } = await startListening(args, { cwd: folder, env: { SCRATCH_LLM_API_KEY: "k" } });
    const curl = async (body: object, ...more: readonly string[]): Promise<string> => {
      const send = ["-H", "Content-Type: application/json", "-H", `Origin: ${origin}`, "-d", JSON.stringify(body)];
      return (await promisify(execFile)("curl", ["-sSN", "-i", `${url}/v1/completions`, ...send, ...more])).stdout;
    };
    const key = ["-H", "Authorization: Bearer k"];
    const wish = { prompt: "A prompt", max_tokens: 8, temperature: 0 };
    const whole = await curl(wish, ...key);
    const { choices } = JSON.parse(whole.slice(whole.indexOf("\r\n\r\n"))) as { choices: { text: string }[] };
    const streamed = await curl({ ...wish, stream: true }, ...key);
    const parts = streamed.split("\n").filter((line) => line.startsWith("data: {"));
    const texts = parts.map((line) => (JSON.parse(line.slice(6)) as { choices: { text: string }[] }).choices[0]?.text);
    expect(texts.join("")).toBe(choices[0]?.text);
    expect(streamed).toMatch(/data: \[DONE\]\n\n$/u);
    for (const answer of [whole, streamed, await curl({ ...wish, n: -1 }, ...key), await curl(wish)]) {
      expect(answer).toMatch(/^access-control-allow-origin: https:\/\/page\.test\r$/imu);
    }
    child.kill("SIGTERM");
    expect((await ended).code).toBe(0);
  },
);
