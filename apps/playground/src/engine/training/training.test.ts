// The playground's training beside the trainer's, which runs as users run it.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SAMPLE_TEXTS } from "@scratch-llm/samples";
import { eventsOf, runTrainer } from "@test/run-trainer.ts";
import { expectClose } from "@test/expect-close.ts";
import { loadModelFolder } from "@scratch-llm/weights-loader/node";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { EngineClient, StreamItem } from "../client.ts";
import { DEFAULT_RUN } from "../defaults.ts";
import type { FolderFile, RunSettings, RunText } from "../protocol.ts";
import { engineClient } from "../testing/engine-client.ts";
import { dropped, writeFolder } from "../testing/folder.ts";
import { resumeArguments, trainerArguments } from "../testing/trainer-flags.ts";

const SETTINGS: RunSettings = {
  ...DEFAULT_RUN,
  model: { ...DEFAULT_RUN.model, contextLength: 16, embDim: 24, nHeads: 2, nLayers: 1 },
  tokenizer: { kind: "bpe", vocabSize: 300 },
  data: { trainFraction: 0.9, stride: 16 },
  train: {
    ...DEFAULT_RUN.train,
    maxSteps: 30,
    batchSize: 4,
    warmupSteps: 3,
    evalEvery: 7,
    evalBatches: 2,
    sampleEvery: 1000,
  },
};
const BOTH: RunText = { kind: "builtin", language: "both" };

let engine: EngineClient;
let folder: string;
beforeEach(async () => {
  ({ engine } = engineClient());
  await engine.start("cpu");
  folder = await mkdtemp(join(tmpdir(), "playground-"));
});
afterEach(async () => {
  engine.dispose();
  await rm(folder, { recursive: true });
});

type Item = StreamItem<"train">;

async function train(run: string, steps?: number): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of engine.stream("train", { run, ...(steps && { steps }) })) items.push(item);
  return items;
}

const numbers = (items: readonly { readonly type: string }[]): number[] =>
  items.flatMap((item) => {
    const { type, loss, gradNorm, lr, trainLoss, valLoss } = item as Record<string, number> & { type: string };
    if (type === "step") return [loss!, gradNorm!, lr!];
    return type === "eval" ? [trainLoss!, valLoss!] : [];
  });

describe("beside the trainer on cpu", () => {
  it("gives the same numbers over 30 steps with the same seed and texts", async () => {
    const theirs = await runTrainer(trainerArguments(SETTINGS, ["--run-dir", join(folder, "run")]), { cwd: folder });
    expect(theirs.code, theirs.stderr).toBe(0);
    const info = await engine.call("newRun", { run: "a", settings: SETTINGS, text: BOTH });
    expect(info).toMatchObject({ step: 0, totalSteps: 30, reason: "ready" });
    const ours = await train("a");
    expect(ours.filter(({ type }) => type === "step")).toHaveLength(30);
    expectClose(numbers(ours), numbers(eventsOf(theirs.stdout)), { absolute: 1e-4 });
    expect(ours.at(-1)).toMatchObject({ type: "done", result: { step: 30, reason: "maxSteps" } });
  });

  it("goes on from the trainer's folder, and the trainer from ours", async () => {
    const flags = trainerArguments(SETTINGS, ["--run-dir", join(folder, "whole")]);
    const whole = numbers(eventsOf((await runTrainer(flags, { cwd: folder })).stdout));
    // The trainer stops at 12 (a run that is cut off keeps its schedule), the page goes on.
    const settings = { ...SETTINGS, train: { ...SETTINGS.train, checkpointEvery: 12, keepLast: 9 } };
    await runTrainer(trainerArguments(settings, ["--run-dir", join(folder, "run")]), { cwd: folder });
    const files = (await dropped(join(folder, "run"))).filter(({ path }) => !/step-0000(?:24|30)|latest$/u.test(path));
    const info = await engine.call("openRun", { run: "b", files });
    expect(info).toMatchObject({ step: 12, totalSteps: 30 });
    expect(info.history.filter(({ type }) => type === "step")).toHaveLength(12);
    const rest = await train("b", 8);
    expect(rest.at(-1)).toMatchObject({ type: "done", result: { step: 20 } });
    const before = numbers(info.history);
    expectClose([...before, ...numbers(rest)], whole.slice(0, before.length + numbers(rest).length), {
      absolute: 1e-4,
    });

    await writeFolder(join(folder, "ours"), await engine.call("saveRun", { run: "b" }));
    const resumed = await runTrainer(resumeArguments(join(folder, "ours")), { cwd: folder });
    expect(resumed.code, resumed.stderr).toBe(0);
    const theirs = numbers(eventsOf(resumed.stdout));
    expectClose(theirs, whole.slice(-theirs.length), { absolute: 1e-4 });
    expect(theirs.length).toBeGreaterThan(3 * 9);
  });

  it("gives the trainer's logits for its checkpoint, and takes a text of one's own both ways", async () => {
    const text = (await readFile(SAMPLE_TEXTS.en, "utf8")).slice(0, 9000);
    await engine.call("newRun", { run: "own", settings: SETTINGS, text: { kind: "own", text } });
    const first = await train("own", 5);
    const saved = await engine.call("saveRun", { run: "own" });
    await writeFolder(join(folder, "own"), saved);
    const resumed = await runTrainer(resumeArguments(join(folder, "own")), { cwd: folder });
    expect(resumed.code, resumed.stderr).toBe(0);
    const rest = await train("own");
    expectClose(numbers(eventsOf(resumed.stdout)), numbers(rest), { absolute: 1e-4 });

    const files = await dropped(join(folder, "own")); // the trainer has added its checkpoint of step 30
    await engine.call("loadModel", { model: "theirs", source: { kind: "files", files } });
    const ids = Int32Array.of(5, 70, 260, 17);
    const logits = await engine.call("nextToken", { model: "theirs", ids });
    const { model } = await loadModelFolder(join(folder, "own/checkpoints/step-000030"));
    const expected = tf.tidy(() => model.forward(tf.tensor2d([...ids], [1, 4], "int32"), { lastOnly: true }));
    expectClose(logits, expected.dataSync(), { absolute: 1e-4 });
    await engine.call("loadModel", { model: "copy", source: { kind: "run", run: "own" } });
    expectClose(await engine.call("nextToken", { model: "copy", ids }), logits, { absolute: 1e-3 });
    const reopened = await engine.call("openRun", { run: "again", files });
    expect(reopened).toMatchObject({ step: 30, reason: "ready" });
    expect(first.length).toBeGreaterThan(5);
  });
});

describe("a run", () => {
  const begin = (run: string, settings: RunSettings = SETTINGS, text: RunText = BOTH) =>
    engine.call("newRun", { run, settings, text });

  it("gives the same numbers in one go, in single steps, paused, and saved and opened again", async () => {
    const settings = { ...SETTINGS, train: { ...SETTINGS.train, maxSteps: 12, evalEvery: 3, sampleEvery: 5 } };
    await begin("whole", settings);
    const whole = await train("whole");
    await begin("parts", settings);
    const parts = [...(await train("parts", 1)), ...(await train("parts", 1)), ...(await train("parts", 3))];
    const pause = new AbortController();
    for await (const item of engine.stream("train", { run: "parts" }, { signal: pause.signal })) {
      parts.push(item);
      if (item.type === "step" && item.step === 6) pause.abort();
    }
    expect(parts.at(-1)).toMatchObject({ type: "done", result: { reason: "aborted" } });
    const stepsDone = parts.filter(({ type }) => type === "step").length;
    expect(stepsDone).toBeLessThanOrEqual(8); // the step under way is finished
    await engine.call("openRun", { run: "opened", files: await engine.call("saveRun", { run: "parts" }) });
    parts.push(...(await train("opened")));
    expectClose(numbers(parts), numbers(whole), { absolute: 1e-6 });
    const samples = (items: readonly Item[]): Item[] => items.filter(({ type }) => type === "sample");
    expect(samples(parts)).toEqual(samples(whole));
  });

  it("keeps the number of tensors, and gives all back at its end", async () => {
    const { numTensors } = await engine.call("status", {});
    await begin("a");
    const memory = (await train("a", 20)).filter((item) => item.type === "memory");
    expect(new Set(memory.map((item) => item.numTensors)).size).toBe(1);
    await begin("a"); // reset
    await engine.call("endRun", { run: "a" });
    await expect.poll(async () => (await engine.call("status", {})).numTensors).toBe(numTensors);
  });

  it("stops at a NaN with a message", async () => {
    await begin("nan", { ...SETTINGS, train: { ...SETTINGS.train, learningRate: 1e30, clipNorm: 0, warmupSteps: 0 } });
    await expect(train("nan")).rejects.toMatchObject({ code: "NON_FINITE_LOSS", message: /learning rate/u });
  });

  it("names what is wrong with a text, a setting or a folder", async () => {
    const short = begin("a", SETTINGS, { kind: "own", text: "too short" });
    await expect(short).rejects.toMatchObject({ code: "TEXT_TOO_SHORT" });
    const odd = begin("a", { ...SETTINGS, model: { ...SETTINGS.model, nHeads: 5 } });
    await expect(odd).rejects.toMatchObject({ code: "GPT_CONFIG" });
    const open = (files: readonly FolderFile[]) => engine.call("openRun", { run: "a", files });
    await expect(open([{ path: "a.txt", content: new Blob(["a"]) }])).rejects.toMatchObject({ code: "NOT_A_RUN" });

    await begin("b", SETTINGS, { kind: "own", text: "the cat sat on the mat. ".repeat(200) });
    const saved = await engine.call("saveRun", { run: "b" });
    const without = (pattern: RegExp): FolderFile[] => saved.filter(({ path }) => !pattern.test(path));
    await expect(open(without(/text\.txt$/u))).rejects.toMatchObject({ code: "TEXT_MISSING" });
    await expect(open(without(/training_state/u))).rejects.toMatchObject({ code: "NOT_A_RUN" });
    const changed = [...without(/text\.txt$/u), { path: "text.txt", content: new Blob(["another"]) }];
    await expect(open(changed)).rejects.toMatchObject({ code: "TEXT_CHANGED" });
    await expect(open([])).rejects.toMatchObject({ code: "NOT_A_RUN" });
  });
});
