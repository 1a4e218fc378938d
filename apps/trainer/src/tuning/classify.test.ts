import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Ended, type Event, eventsOf, interruptTrainer, runTrainer } from "@test/run-trainer.ts";
import { beforeAll, describe, expect, it } from "vitest";

const settings = (...assignments: string[]): string[] => assignments.flatMap((one) => ["--set", one]);
const WASM = ["--backend", "wasm", "--json"];
const PRETRAIN = settings(
  "model.embDim=16",
  "model.nHeads=2",
  "model.nLayers=2",
  "model.contextLength=48",
  "data.stride=64",
  "tokenizer.vocabSize=300",
  "train.evalEvery=100",
  "train.sampleEvery=1000",
);
const QUICK = settings("train.evalEvery=10", "train.evalBatches=2", "train.warmupSteps=0", "train.learningRate=0.01");

let folder: string;
const path = (...parts: string[]): string => join(folder, ...parts);
const run = (args: readonly string[], input = ""): Promise<Ended> => runTrainer(args, { cwd: folder, input });
const train = (...args: string[]): string[] => ["train", "classify", "--init", "base", ...args, ...QUICK, ...WASM];
const ofType = (stdout: string, type: string): Event[] => eventsOf(stdout).filter((event) => event.type === type);
const losses = (stdout: string): unknown[] => ofType(stdout, "step").map(({ loss }) => loss);
const last = (stdout: string): Event => eventsOf(stdout).at(-1) as Event;

/** Three classes that a word gives away. */
const WORDS = { animal: ["cat", "dog", "cow"], fruit: ["fig", "plum", "pear"], tool: ["saw", "axe", "file"] };
const rows = Object.entries(WORDS).flatMap(([label, words]) =>
  Array.from({ length: 30 }, (_, i) => ({ label, text: `${words[i % 3]} ${i}` })),
);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "scratch-llm-classify-"));
  await writeFile(path("words.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const base = await run([
    "train",
    "pretrain",
    "--no-probe",
    "--run-dir",
    "base",
    "--max-steps",
    "5",
    ...PRETRAIN,
    ...WASM,
  ]);
  if (base.code !== 0) throw new Error(base.stdout);
  const args = train("--data", "words.jsonl", "--preset", "quickstart", "--run-dir", "words", "--max-steps", "160");
  const { code, stdout } = await run([
    ...args,
    ...settings("train.epochs=25", "model.dropRate=0", "train.learningRate=0.005", "train.minLearningRate=0.0005"),
  ]);
  if (code !== 0) throw new Error(stdout);
});

describe("train classify", () => {
  it("trains on the built-in messages, tells losses and accuracies, saves and plots", async () => {
    const args = train("--run-dir", "messages", "--max-steps", "116");
    const { code, stdout } = await run([...args, ...settings("train.learningRate=0.003", "train.evalBatches=12")]);
    expect(code, stdout).toBe(0);
    const [start] = eventsOf(stdout);
    expect(start).toMatchObject({ type: "start", seed: 123, steps: 116, entries: { train: 932, val: 116, test: 118 } });
    expect(start?.["etaSeconds"]).toBeGreaterThan(0);
    const [first, end] = [ofType(stdout, "eval")[0], ofType(stdout, "eval").at(-1)];
    expect(end?.["trainLoss"]).toBeLessThan(first?.["trainLoss"] as number);
    expect(ofType(stdout, "epoch")).toMatchObject([
      { trainAccuracy: expect.any(Number), valAccuracy: expect.any(Number) },
    ]);
    const { valAccuracy, testAccuracy, labels } = last(stdout);
    expect([valAccuracy, testAccuracy].every((share) => (share as number) > 0.5)).toBe(true);
    expect(labels).toEqual(["ham", "spam"]);
    expect(await readdir(path("messages"))).toEqual(
      expect.arrayContaining(["config.json", "metrics.jsonl", "loss-plot.svg", "accuracy-plot.svg", "checkpoints"]),
    );
    const svg = await readFile(path("messages", "accuracy-plot.svg"), "utf8");
    expect(svg).toContain("Validation accuracy");
    expect(svg).toContain("Examples seen");
  });

  it.each([
    ["all weights", ["--trainable", "all"]],
    ["LoRA", ["--lora", "--position", "average", ...settings("lora.rank=2")]],
  ])("goes on after Ctrl-C as if nothing had happened: %s", async (name, more) => {
    const common = [
      "--preset",
      "quickstart",
      "--data",
      "words.jsonl",
      "--max-steps",
      "150",
      ...settings("train.epochs=20"),
      ...more,
    ];
    const straight = await run(train("--run-dir", `straight ${name}`, ...common));
    expect(straight.code, straight.stdout).toBe(0);
    const args = train("--run-dir", `stopped ${name}`, ...common);
    const stopped = await interruptTrainer(args, { cwd: folder }, '"step":10,');
    expect(stopped.code, stopped.stdout).toBe(130);
    expect(last(stopped.stdout)["message"]).toContain(`train classify --resume stopped ${name}`);
    const rest = await run(["train", "classify", "--resume", `stopped ${name}`, ...WASM]);
    expect(rest.code, rest.stdout).toBe(0);
    expect(losses(stopped.stdout).length).toBeLessThan(150);
    expect([...losses(stopped.stdout), ...losses(rest.stdout)]).toEqual(losses(straight.stdout));
    expect(last(rest.stdout)["testAccuracy"]).toBe(last(straight.stdout)["testAccuracy"]);
  });

  it("takes every option of the chapter's experiments, and only the head where that is all that is trained", async () => {
    const more = settings(
      "data.padding=false",
      "train.batchSize=1",
      "train.accumulationSteps=4",
      "causalMask=false",
      "ignoreIndex=7",
      "data.balance=false",
    );
    const args = train("--data", "words.jsonl", "--run-dir", "other", "--max-steps", "3", ...more);
    const { code, stdout } = await run([...args, "--trainable", "last_layer", "--position", "first"]);
    expect(code, stdout).toBe(0);
    expect(eventsOf(stdout)[0]).toMatchObject({ trainableParams: 3 * 16 + 3 });
    expect(losses(stdout)).toHaveLength(3);
  });

  it("is trained on the three files of a folder as they are", async () => {
    const prepared = await run(["data", "prepare", "words.jsonl", "--out", "parts", "--json"]);
    expect(prepared.code, prepared.stdout).toBe(0);
    expect(last(prepared.stdout)["counts"]).toEqual({ "train.csv": 62, "validation.csv": 9, "test.csv": 19 });
    const { code, stdout } = await run(train("--data", "parts", "--run-dir", "folder", "--max-steps", "2"));
    expect(code, stdout).toBe(0);
    expect(eventsOf(stdout)[0]?.["entries"]).toMatchObject({ train: 62, val: 9, test: 19 });
  });
});

describe("classify", () => {
  const classify = (...args: string[]): string[] => ["classify", "--model", "words", ...args, ...WASM];

  it("tells classes with their probabilities", async () => {
    const { code, stdout } = await run(classify("dog 3", "plum 4"));
    expect(code, stdout).toBe(0);
    const found = ofType(stdout, "class");
    expect(found.map(({ text, label }) => [text, label])).toEqual([
      ["dog 3", "animal"],
      ["plum 4", "fruit"],
    ]);
    const shares = Object.values(found[0]?.["probabilities"] as Record<string, number>);
    expect(shares).toHaveLength(3);
    expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(1, 5);
    expect(last(stdout)).toEqual({ type: "done", texts: 2 });
  });

  it("takes texts from standard input or a file, also one of a megabyte, and shows them to people", async () => {
    const long = `saw ${"x".repeat(1e6)}`;
    const piped = await run(classify(), `axe 1\n\n${long}\n`);
    expect(ofType(piped.stdout, "class").map(({ label }) => label)).toHaveLength(2);
    await writeFile(path("lines.txt"), "axe 1\nfig 2\n");
    const shown = await run(["classify", "--model", "words", "--file", "lines.txt", "--backend", "wasm"]);
    expect(shown.stdout).toMatch(/^tool {4} *\d+\.\d % {2}axe 1\nfruit {3} *\d+\.\d % {2}fig 2\n$/u);
  });

  it("measures a classifier by what its run kept for tests, or by other texts", async () => {
    const own = await run(["eval", "classify", "--model", "words", ...WASM]);
    expect(own.code, own.stdout).toBe(0);
    const done = last(own.stdout);
    expect(done).toMatchObject({ texts: 9, labels: ["animal", "fruit", "tool"] });
    const table = done["confusion"] as number[][];
    expect(table.flat().reduce((sum, count) => sum + count)).toBe(9);
    expect(done["accuracy"]).toBeCloseTo(table.reduce((sum, row, i) => sum + (row[i] as number), 0) / 9, 10);
    expect(done["accuracy"]).toBeGreaterThan(0.9);
    const shown = await run(["eval", "classify", "--model", "words", "--data", "words.jsonl", "--backend", "wasm"]);
    expect(shown.stdout).toMatch(
      /90 texts, \d+\.\d\d % right\.\nactual \\ found +animal +fruit +tool +precision +recall\n/u,
    );
  });

  it("is kept apart from models that write", async () => {
    const wrong: [string[], string][] = [
      [["generate", "--model", "words", "--prompt", "a"], "is a classifier and writes no text"],
      [["train", "instruct", "--init", "words"], "is a classifier"],
      [["classify", "--model", "base", "a"], "base is no classifier"],
      [["classify", "a"], "no run of train classify"],
      [["classify", "--model", "words"], "no text to classify"],
    ];
    for (const [args, words] of wrong) {
      const { stdout } = await run([...args, ...WASM]);
      expect(last(stdout), args.join(" ")).toMatchObject({ type: "error", message: expect.stringContaining(words) });
    }
  });
});

describe("train classify --experiments", () => {
  const experiments = (rows: string, ...args: string[]): string[] => [
    "train",
    "classify",
    "--experiments",
    rows,
    "--init",
    "base",
    "--data",
    "words.jsonl",
    "--run-dir",
    "table",
    ...settings("train.epochs=1", "train.learningRate=0.01"),
    ...args,
    ...WASM,
  ];

  it("writes the book's table with ours, and goes on where it stopped", async () => {
    const first = await run(experiments("1,3"));
    expect(first.code, first.stdout).toBe(0);
    const rest = await run(experiments("1-4,10"));
    expect(rest.code, rest.stdout).toBe(0);
    const found = ofType(rest.stdout, "row");
    expect(found.map(({ row }) => row)).toEqual([1, 2, 3, 4, 10]);
    expect(found[0]).toEqual(ofType(first.stdout, "row")[0]); // not run again: the minutes would differ
    const report = await readFile(path("table", "report.md"), "utf8");
    expect(report).toContain("from base");
    expect(report.match(/^\| \d+ \|.*$/gmu)).toHaveLength(5);
    const other = await run(experiments("1", ...settings("train.epochs=2")));
    expect(last(other.stdout)).toMatchObject({ code: "RUN_FOLDER" });
  });

  it.each(["--dry-run", "--lora", "--resume=auto", "--max-steps=1", "--position=last"])(
    "refuses %s, which the table does not heed",
    async (flag) => {
      const { code, stdout } = await run(experiments("1", "--run-dir", "refused", flag));
      expect(code, stdout).toBe(2);
      expect(last(stdout)).toMatchObject({ code: "USAGE", message: expect.stringContaining("--experiments") });
      expect(existsSync(path("refused"))).toBe(false);
    },
  );

  it("says which model a row lacks, and what rows there are", async () => {
    const args = ["train", "classify", "--experiments", "8", "--data", "words.jsonl", "--run-dir", "lacks", ...WASM];
    const { code, stdout } = await runTrainer(args, { cwd: folder, env: { HF_HOME: path("empty") } });
    expect(code, stdout).toBe(0);
    expect(ofType(stdout, "row")[0]?.["reason"]).toBe("no gpt2-1558M; get it with: model download gpt2-xl");
    expect(last((await run(experiments("20"))).stdout)).toMatchObject({ code: "USAGE" });
  });
});

describe("bad input", () => {
  beforeAll(async () => {
    await writeFile(path("unlabeled.csv"), "text,label\na,x\nb,\n");
    await writeFile(path("columns.csv"), "message,class\na,x\n");
    await writeFile(path("one.csv"), `text,label\n${"a,x\n".repeat(40)}`);
    await writeFile(path("few.csv"), "text,label\na,x\nb,y\nc,x\nd,y\n");
    await writeFile(path("small.csv"), `text,label\n${"a,x\nb,y\n".repeat(5)}`);
    await writeFile(path("broken.jsonl"), '{"text": "a"\n');
  });

  it.each([
    [["--data", "unlabeled.csv"], "DATA_MISSING_LABEL", "1 of 2 rows have no label, row 2 first"],
    [["--data", "columns.csv"], "DATA_COLUMNS", 'name one "text" and one "label"'],
    [["--data", "one.csv"], "DATA_ONE_CLASS", '40 texts, all of the class "x"'],
    [["--data", "few.csv"], "DATA_SPLIT", "give more texts or other shares"],
    [["--data", "small.csv"], "DATA", "fewer than one batch of 8"],
    [["--data", "broken.jsonl"], "DATA_FORMAT", "Line 1 is not valid JSON"],
    [["--data", "none.csv"], "DATA", "none.csv"],
    [["--data", "sms-spam"], "DATA", "data download sms-spam"],
    [settings("data.padding=false"), "CONFIG", "train.batchSize = 1, not 8"],
    [settings("trainable=some"), "CONFIG", "last_two_blocks"],
    [["--preset", "nope"], "USAGE", "quickstart, book-ch06"],
    [["--resume", "base"], "RUN_FOLDER", "no fine-tuning run"],
  ])("%j ends with %s in one line", async (args, code, words) => {
    const { stdout } = await run(train(...args));
    expect(last(stdout)).toMatchObject({ type: "error", code, message: expect.stringContaining(words) });
    expect(last(stdout)["message"]).not.toContain("\n");
    expect(existsSync(path("runs"))).toBe(false);
  });

  it("a message of a megabyte is cut and counted", async () => {
    const long = { label: "tool", text: `saw ${"y ".repeat(5e5)}` };
    const texts = [...rows, long, long, long, long].map((row) => `${JSON.stringify(row)}\n`).join("");
    await writeFile(path("long.jsonl"), texts);
    const cut = settings("data.balance=false", "data.maxLength=12", "train.batchSize=2");
    const { code, stdout } = await run(train("--data", "long.jsonl", "--run-dir", "long", "--max-steps", "1", ...cut));
    expect(code, stdout).toBe(0);
    expect(last(stdout)["truncated"]).toBeGreaterThan(0);
  });
});
