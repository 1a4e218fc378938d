import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChatServer } from "@test/chat-server.ts";
import { type Ended, type Event, eventsOf, interruptTrainer, runTrainer } from "@test/run-trainer.ts";
import { beforeAll, describe, expect, it } from "vitest";

const settings = (...assignments: string[]): string[] => assignments.flatMap((one) => ["--set", one]);

/** A model that trains in a second on WASM, with a context for the built-in tasks in Phi-3's format. */
const PRETRAIN = settings(
  "model.embDim=16",
  "model.nHeads=2",
  "model.nLayers=1",
  "model.contextLength=64",
  "data.stride=64",
  "tokenizer.vocabSize=300",
  "train.batchSize=4",
  "train.evalEvery=100",
  "train.sampleEvery=1000",
);
const QUICK = settings(
  "train.batchSize=4",
  "train.learningRate=0.01",
  "train.warmupSteps=0",
  "train.evalEvery=3",
  "train.evalBatches=1",
  "responses.maxNewTokens=4",
);
const WASM = ["--backend", "wasm", "--json"];

let folder: string;
const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
  runTrainer(args, { cwd: folder, env });
const train = (...args: string[]): string[] => ["train", ...args, ...WASM];
const path = (...parts: string[]): string => join(folder, ...parts);
const ofType = (stdout: string, type: string): Event[] => eventsOf(stdout).filter((event) => event.type === type);
const losses = (stdout: string): unknown[] => ofType(stdout, "step").map(({ loss }) => loss);
const last = (stdout: string): Event => eventsOf(stdout).at(-1) as Event;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "scratch-llm-tuning-"));
  const args = train("pretrain", "--no-probe", "--run-dir", "base", "--max-steps", "20", ...PRETRAIN);
  const { code, stdout } = await run(args);
  if (code !== 0) throw new Error(stdout);
});

describe("train instruct", () => {
  it("trains on the built-in tasks, saves, and answers", async () => {
    const args = train("instruct", "--init", "base", "--run-dir", "tuned", "--max-steps", "8", ...QUICK);
    const trained = await run(args);
    expect(trained.code, trained.stdout).toBe(0);
    const [start] = eventsOf(trained.stdout);
    expect(start).toMatchObject({ type: "start", seed: 123, steps: 8, backend: "wasm" });
    expect(start?.["trainableParams"]).toBe(start?.["params"]);
    expect(start?.["entries"]).toMatchObject({ train: 204, val: 12, test: 24 });
    const evals = ofType(trained.stdout, "eval").map(({ valLoss }) => valLoss as number);
    expect(evals).toHaveLength(3);
    expect(evals.at(-1)).toBeLessThan((evals[0] as number) - 0.1);
    expect(ofType(trained.stdout, "response")).toHaveLength(6);
    expect(last(trained.stdout)).toMatchObject({ type: "done", runDir: "tuned", peakMemoryBytes: expect.any(Number) });
    expect(await readdir(path("tuned"))).toEqual(
      expect.arrayContaining(["config.json", "metrics.jsonl", "loss-plot.svg", "responses.md", "checkpoints"]),
    );
    const markdown = await readFile(path("tuned", "responses.md"), "utf8");
    expect(markdown).toMatch(/^# Responses\n\n## 1\n\n\*\*Instruction\*\*\n\n```text\n/u);
    expect(start?.["etaSeconds"]).toBeGreaterThan(0);
  });

  it("is asked in the format that it was taught, and stops at its end", async () => {
    const template = { instruction: "Q: {instruction}", input: " {input}", response: "\nA: {output}\n###" };
    await writeFile(path("own.json"), JSON.stringify(template));
    const always = Array.from({ length: 40 }, (_, i) => ({ instruction: `Say ${i}.`, output: "Yes" }));
    await writeFile(path("always.json"), JSON.stringify(always));
    const args = ["--init", "base", "--data", "always.json", "--run-dir", "formatted", "--max-steps", "60", ...QUICK];
    const more = settings(
      "data.format=own.json",
      "data.maskPrompts=true",
      "train.epochs=10",
      "train.learningRate=0.02",
    );
    const taught = await run(train("instruct", ...args, ...more));
    expect(taught.code, taught.stdout).toBe(0);
    await rm(path("own.json"));
    const config = JSON.parse(await readFile(path("formatted", "config.json"), "utf8"));
    expect(config.config.data.format).toEqual(template);

    const ask = ["--model", "formatted", "--max-new-tokens", "60", ...WASM];
    const written = await run(["generate", "--prompt", "Say hello.", ...ask]);
    expect(written.code, written.stdout).toBe(0);
    const { text, response, format, finishReason } = last(written.stdout);
    expect({ text, format }).toEqual({
      text: expect.stringMatching(/^Q: Say hello\.\nA: Y[^#]*$/u),
      format: "own template",
    });
    expect(finishReason).toBe("stop");
    expect(response).toMatch(/^Y/u);
    const answered = await run(["chat", "-p", "Say hello.", ...ask]);
    expect((last(answered.stdout)["text"] as string).trim()).toBe(response);
    const raw = await run(["generate", "--prompt", "Say hello.", "--raw", ...ask]);
    expect(last(raw.stdout)["text"]).toMatch(/^Say hello\./u);
    const talk = ["chat", "--model", "formatted", "--backend", "wasm", "--max-new-tokens", "2"];
    expect((await runTrainer(talk, { cwd: folder, input: "/bye\n" })).stderr).toContain("prompt format: own template");
  });

  it.each([
    ["32-bit floats", "whole", []],
    ["8-bit weights", "int8", ["--quantize", "int8"]],
  ])("is asked in it where it is deployed, too: %s", async (_, name, quantize) => {
    const args = ["model", "export", "formatted", name, "--format", "onnx", "--backend", "cpu", "--json"];
    const exported = await run([...args, ...quantize]);
    expect(exported.code, exported.stdout).toBe(0);
    const ask = ["--model", name, "--max-new-tokens", "60", "--json"];
    const { format, text, finishReason } = last((await run(["generate", "--prompt", "Say hello.", ...ask])).stdout);
    expect({ format, finishReason }).toEqual({ format: "chat template", finishReason: "stop" });
    expect(text).toMatch(/^Q: Say hello\.\nA: Y[^#]*$/u);
    const answered = await run(["chat", "-p", "Say hello.", ...ask]);
    expect(`Q: Say hello.\nA:${last(answered.stdout)["text"] as string}`).toBe(text);
  });

  it.each([
    ["all weights", []],
    ["LoRA", ["--lora", ...settings("lora.rank=2")]],
  ])("goes on after Ctrl-C as if nothing had happened: %s", async (name, more) => {
    const common = ["--init", "base", "--max-steps", "200", ...QUICK, ...settings("train.epochs=6"), ...more];
    const straight = await run(train("instruct", "--run-dir", `straight ${name}`, ...common));
    expect(straight.code, straight.stdout).toBe(0);
    const args = train("instruct", "--run-dir", `stopped ${name}`, ...common);
    const stopped = await interruptTrainer(args, { cwd: folder }, '"step":10,');
    expect(stopped.code).toBe(130);
    const { message } = last(stopped.stdout);
    expect(message).toContain(`train instruct --resume stopped ${name}`);
    expect(losses(stopped.stdout).length).toBeLessThan(200);
    const rest = await run(train("instruct", "--resume", `stopped ${name}`));
    expect(rest.code, rest.stdout).toBe(0);
    expect([...losses(stopped.stdout), ...losses(rest.stdout)]).toEqual(losses(straight.stdout));
  });

  it("with LoRA leaves the weights below alone, and saves them merged and the layers for PEFT", async () => {
    const checkpoint = path("straight LoRA", "checkpoints", "step-000200");
    expect(await readdir(checkpoint)).toEqual(
      expect.arrayContaining(["adapter", "lora.safetensors", "model.safetensors"]),
    );
    const peft = JSON.parse(await readFile(join(checkpoint, "adapter", "adapter_config.json"), "utf8"));
    expect(peft).toMatchObject({ peft_type: "LORA", base_model_name_or_path: expect.stringContaining("base") });
    const before = await readFile(path("base", "checkpoints", "step-000020", "model.safetensors"));
    const after = await readFile(join(checkpoint, "model.safetensors"));
    expect(after.length).toBe(before.length);
    expect(after.equals(before)).toBe(false);
    const args = ["eval", "instruct", "--model", checkpoint, "--limit", "1", "--max-new-tokens", "2", ...WASM];
    expect((await run(args)).code).toBe(0);
  });
});

describe("train dpo", () => {
  it("starts where the policy is the reference, and lets the margin grow", async () => {
    const args = train("dpo", "--init", "tuned", "--run-dir", "preferred", "--max-steps", "20", ...QUICK);
    const { code, stdout } = await run([...args, ...settings("train.evalEvery=19", "train.evalBatches=9")]);
    expect(code, stdout).toBe(0);
    const [first, end] = ofType(stdout, "eval");
    expect(ofType(stdout, "step")[0]?.["loss"]).toBeCloseTo(Math.LN2, 4);
    expect(end?.["valRewardMargin"]).toBeGreaterThan((first?.["valRewardMargin"] as number) + 0.03);
    expect(await readdir(path("preferred"))).toEqual(expect.arrayContaining(["responses.md", "reward-margins.svg"]));
    expect(await readFile(path("preferred", "reward-margins.svg"), "utf8")).toContain("Validation margin");
  });
});

describe("eval instruct", () => {
  const evaluate = (...args: string[]): string[] => ["eval", "instruct", "--model", "tuned", ...args, ...WASM];

  it("scores what the run kept for tests by its wording, where there is no judge", async () => {
    const { code, stdout } = await run(evaluate("--max-new-tokens", "4"));
    expect(code, stdout).toBe(0);
    expect(ofType(stdout, "response")).toHaveLength(24);
    expect(last(stdout)).toMatchObject({ type: "done", entries: 24, exactMatch: expect.any(Number) });
    const answered = JSON.parse(await readFile(path("tuned", "eval", "responses.json"), "utf8"));
    expect(answered[0]).toMatchObject({ instruction: expect.any(String), model_response: expect.any(String) });
    expect(await readFile(path("tuned", "eval", "responses.md"), "utf8")).toContain("ROUGE-L");
  });

  it("asks a model in the format of its own run, or in the one that is named", async () => {
    const few = ["--limit", "1", "--max-new-tokens", "2", ...WASM];
    const ask = async (...args: string[]): Promise<unknown> =>
      last((await run(["eval", "instruct", "--model", "preferred", ...args, ...few])).stdout)["format"];
    expect(await ask()).toBe("phi3"); // the preset of `train dpo`
    expect(await ask("--format", "alpaca")).toBe("alpaca");
  });

  it("asks a judge, and after an interruption only what is missing", async () => {
    let broken = true;
    const server = await new ChatServer(({ prompt }) => {
      if (broken && prompt.includes("Second")) return (response) => response.writeHead(401).end("no key");
      return prompt.includes("First") ? "Score: 70/100" : "30";
    }).start();
    const names = ["First", "Second", "Third"];
    const entries = names.map((name) => ({ instruction: `${name}.`, output: "Yes" }));
    await writeFile(path("tasks.jsonl"), entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
    const judge = ["--judge", `${server.endpoint}/api/chat`, "--judge-model", "j", "--concurrency", "1"];
    const args = evaluate("--data", "tasks.jsonl", "--max-new-tokens", "3", "--out", "judged", ...judge);
    const stopped = await run(args, { SCRATCH_LLM_JUDGE_KEY: "secret" });
    expect(stopped.code).toBe(1);
    expect(last(stopped.stdout)).toMatchObject({ type: "error", code: "JUDGE_REFUSED" });
    expect(server.questions[0]?.authorization).toBe("Bearer secret");

    broken = false;
    const asked = server.questions.length;
    const rest = await run(args);
    await server.stop();
    expect(rest.code, rest.stdout).toBe(0);
    const missing = server.questions.slice(asked).map(({ prompt }) => names.find((name) => prompt.includes(name)));
    expect(missing).toEqual(["Second", "Third"]);
    expect(last(rest.stdout)).toMatchObject({ score: 130 / 3, unscored: 0, judge: "j" });
    expect(await readFile(path("judged", "responses.md"), "utf8")).toContain("score 70");
  });
});

describe("data", () => {
  it("is split in its order or shuffled, as JSON or JSON lines", async () => {
    const lines = Array.from({ length: 20 }, (_, i) => `{"n": ${i}}\n`).join("");
    await writeFile(path("numbers.jsonl"), lines);
    const parts = async (...more: string[]): Promise<number[][]> => {
      const { code, stdout } = await run(["data", "split", "numbers.jsonl", "--out", "parts", "--json", ...more]);
      expect(code, stdout).toBe(0);
      const read = async (name: string): Promise<number[]> =>
        (await readFile(path("parts", `${name}.jsonl`), "utf8"))
          .trim()
          .split("\n")
          .map((line) => (JSON.parse(line) as { n: number }).n);
      return [await read("train"), await read("test"), await read("val")];
    };
    const inOrder = await parts();
    expect(inOrder.map((part) => part.length)).toEqual([17, 2, 1]);
    expect(inOrder.flat()).toEqual(Array.from({ length: 20 }, (_, i) => i));
    const shuffled = await parts("--seed", "1", "--train", "0.5", "--test", "0.25");
    expect(shuffled.map((part) => part.length)).toEqual([10, 5, 5]);
    expect(shuffled.flat()).not.toEqual(inOrder.flat());
    expect(shuffled.flat().toSorted((a, b) => a - b)).toEqual(inOrder.flat());
  });

  it("loses its near-duplicates", async () => {
    const texts = ["Name a dwarf planet.", "Sing.", "name a dwarf planet"].map((instruction) => ({ instruction }));
    await writeFile(path("twins.json"), JSON.stringify(texts));
    const { code, stdout } = await run([
      "data",
      "dedupe",
      "twins.json",
      "--key",
      "instruction",
      "--out",
      "one.json",
      "--json",
    ]);
    expect(code, stdout).toBe(0);
    expect(ofType(stdout, "duplicate")).toMatchObject([{ first: 0, second: 2 }]);
    expect(last(stdout)).toMatchObject({ entries: 3, pairs: 1, removed: 1, kept: 2 });
    expect(JSON.parse(await readFile(path("one.json"), "utf8"))).toEqual(texts.slice(0, 2));
  });
});

describe("bad input", () => {
  beforeAll(async () => {
    await writeFile(path("missing.json"), '[{"instruction": "Hi."}]');
    await writeFile(path("few.json"), '[{"instruction": "a", "output": "b"}]');
    await writeFile(path("broken.json"), '{"instruction": \n');
    await writeFile(path("format.json"), '{"instruction": "{name}", "input": "{input}", "response": "{output}"}');
  });
  const begin = ["instruct", "--init", "base"];

  it.each([
    [[...begin, "--data", "missing.json"], "INSTRUCTION_DATA", 'Entry 1 has no text in "output"'],
    [[...begin, "--data", "broken.json"], "INSTRUCTION_DATA", "no JSON"],
    [[...begin, "--data", "few.json"], "DATA", "data.trainFraction"],
    [[...begin, "--data", "none.json"], "DATA", "none.json"],
    [[...begin, ...settings("data.format=format.json")], "UNKNOWN_PLACEHOLDER", "{name}"],
    [[...begin, ...settings("data.format=chat")], "DATA", "chat_template"],
    [[...begin, ...settings("data.maxLength=4")], "DATA", "do not fit into 4 tokens"],
    [[...begin, ...settings("lora.rank=2")], "CONFIG", "lora"],
    [[...begin, "--lora", ...settings("lora.match=(")], "CONFIG", "regular expression"],
    [[...begin, "--preset", "nope"], "USAGE", "quickstart, book-ch07"],
    [[...begin, ...settings("data.format=missing.json")], "DATA", "is no format"],
    [["instruct"], "MODEL_FOLDER", "Train one first"],
    [["dpo", "--init", "base", "--data", "few.json"], "INSTRUCTION_DATA", 'no text in "chosen"'],
    [["dpo", "--resume", "tuned"], "RUN_FOLDER", "a run of train instruct"],
    [["pretrain", "--resume", "tuned"], "RUN_FOLDER", "train instruct --resume"],
    [["instruct", "--resume", "base"], "RUN_FOLDER", "no fine-tuning run"],
  ])("%j ends with %s in one line", async (args, code, words) => {
    const { stdout } = await run(train(...args));
    expect(last(stdout)).toMatchObject({ type: "error", code, message: expect.stringContaining(words) });
    expect(last(stdout)["message"]).not.toContain("\n");
    expect(existsSync(path("runs"))).toBe(false);
  });

  it("skips and counts a message of a megabyte", async () => {
    const long = { instruction: "x".repeat(1e6), output: "y" };
    const short = Array.from({ length: 20 }, (_, i) => ({ instruction: `Say ${i}.`, output: `${i}` }));
    await writeFile(path("long.json"), JSON.stringify([long, ...short]));
    const set = settings("data.format=phi3", "train.evalEvery=2");
    const args = train(
      "instruct",
      "--init",
      "base",
      "--data",
      "long.json",
      "--run-dir",
      "long",
      "--max-steps",
      "1",
      ...set,
    );
    const { code, stdout } = await run([...args, ...QUICK]);
    expect(code, stdout).toBe(0);
    expect(eventsOf(stdout)[0]?.["entries"]).toMatchObject({ skipped: 1 });
  });

  it("shows what a run would need without making anything", async () => {
    const { code, stdout } = await run(train(...begin, "--dry-run", "--run-dir", "dry"));
    expect(code, stdout).toBe(0);
    expect(eventsOf(stdout).map(({ type }) => type)).toEqual(["start", "done"]);
    expect(existsSync(path("dry"))).toBe(false);
  });
});
