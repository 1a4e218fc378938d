import { DataLoader, stackWindows, type TokenWindow } from "@scratch-llm/dataloader";
import { type Compile, crossEntropy, useDropout } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { expectNoTensorLeak, useTestBackend } from "@test/backend.ts";
import { type TinyRun, tinyRun } from "../test/tiny-run.ts";
import { NonFiniteLossError, TrainOptionsError } from "./errors.ts";
import type { EvalEvent, StepEvent, TrainEvent, TrainState } from "./train-events.ts";
import { trainModel } from "./train-model.ts";
import { trainModelSimple } from "./train-model-simple.ts";
import type { TrainOptions } from "./train-options.ts";

beforeAll(() => useTestBackend("wasm"));

/** All events of a run. */
async function collect(run: TinyRun, options: Partial<TrainOptions>): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  for await (const event of trainModel({ ...run, ...options })) events.push(event);
  return events;
}

const stepsOf = (events: TrainEvent[]): StepEvent[] => events.filter((event) => event.type === "step");
const evalsOf = (events: TrainEvent[]): EvalEvent[] => events.filter((event) => event.type === "eval");
const lossesOf = (events: TrainEvent[]): number[] => stepsOf(events).map((event) => event.loss);

describe("trainModel", () => {
  it("tells what happens in the book's order", async () => {
    const run = tinyRun();
    const events = await collect(run, { epochs: 2, evalEvery: 4, sampleEvery: "epoch" });
    const names = events.map((event) =>
      event.type === "start" || event.type === "done" ? event.type : `${event.type} ${event.step}`,
    );
    expect(names.join(", ")).toBe(
      "start, step 0, eval 0, step 1, step 2, step 3, step 4, eval 4, sample 4, " +
        "step 5, step 6, step 7, step 8, eval 8, step 9, sample 9, done",
    );
    expect(events[0]).toEqual({
      type: "start",
      params: run.model.numParameters(),
      backend: "wasm",
      precision: "float32",
      step: 0,
      totalSteps: 10,
    });
    expect(stepsOf(events)[6]).toMatchObject({ epoch: 1.4, lr: 0.01, tokensSeen: 84 });
    expect(events.at(-1)).toEqual({ type: "done", reason: "epochs", step: 10, epoch: 2, tokensSeen: 120 });
    run.dispose();
  });

  it("looks at each epoch after its last evaluation and before its sample", async () => {
    const run = tinyRun();
    let looks = 0;
    const names: string[] = [];
    const options = { ...run, epochs: 2, evalEvery: 4, sampleEvery: "epoch" } as const;
    for await (const event of trainModel({ ...options, evaluateEpoch: async () => ({ look: (looks += 1) }) })) {
      if (event.type === "epoch") names.push(`epoch ${event.step} ${event.epoch} ${event.look}`);
      else if (event.type !== "step") names.push(event.type);
    }
    expect(names.join(", ")).toBe("start, eval, eval, epoch 4 1 1, sample, eval, epoch 9 2 2, sample, done");
    run.dispose();
  });

  it("makes the losses fall, and measures norm and speed", async () => {
    const run = tinyRun();
    const events = await collect(run, { epochs: 12, evalEvery: 59 });
    const [first, last] = evalsOf(events) as [EvalEvent, EvalEvent];
    expect(last.trainLoss).toBeLessThan(0.6 * first.trainLoss);
    for (const { gradNorm, tokensPerSecond } of stepsOf(events)) {
      expect(gradNorm).toBeGreaterThan(0);
      expect(tokensPerSecond).toBeGreaterThan(0);
    }
    run.dispose();
  });

  it.each(["torch", "fast"] as const)("gives the book's loop's losses to the last digit, %s", async (dropout) => {
    const [run, simple] = [tinyRun({ dropout }), tinyRun({ dropout })];
    const events = await collect(run, { epochs: 3, evalEvery: 2, evalBatches: 3, sampleEvery: "epoch" });
    useDropout(simple.model, simple.dropout);
    const history = await trainModelSimple({ ...simple, numEpochs: 3, evalFreq: 2, evalIter: 3 });
    expect(history.trainLosses).toHaveLength(8);
    expect(evalsOf(events).map((event) => event.trainLoss)).toEqual(history.trainLosses);
    expect(evalsOf(events).map((event) => event.valLoss)).toEqual(history.valLosses);
    expect(evalsOf(events).map((event) => event.tokensSeen)).toEqual(history.tokensSeen);
    expect(run.generator.position).toBe(simple.generator.position);
    run.dispose();
    simple.dispose();
  });

  it("draws nothing for fast dropout in a model without dropout", async () => {
    const [fast, torch] = [tinyRun({ dropRate: 0, dropout: "fast" }), tinyRun({ dropRate: 0 })];
    expect(lossesOf(await collect(fast, { epochs: 2 }))).toEqual(lossesOf(await collect(torch, { epochs: 2 })));
    expect(fast.generator.position).toBe(torch.generator.position);
    fast.dispose();
    torch.dispose();
  });

  it("leaves no tensor behind, at the end and after a break", async () => {
    const options = { epochs: 2, evalEvery: 2, sampleEvery: 3, logEvery: 4, clipNorm: { maxNorm: 1 } } as const;
    for (const accumulationSteps of [1, 2]) {
      const run = tinyRun({ dropout: "fast" });
      await expectNoTensorLeak(async () => void (await collect(run, { ...options, accumulationSteps })));
      await expectNoTensorLeak(async () => {
        for await (const event of trainModel({ ...run, ...options, accumulationSteps })) {
          if (event.type === "eval" && event.step === 2) break;
        }
      });
      run.model.forward(tf.zeros([1, 4], "int32")); // the dropout source still works
      run.dispose();
    }
  });

  it("hears signals while it trains, finishes the step, saves and stops", async () => {
    const run = tinyRun();
    const aborting = new AbortController();
    const saved: TrainState[] = [];
    setImmediate(() => aborting.abort());
    const events = await collect(run, {
      epochs: 1000,
      signal: aborting.signal,
      saveCheckpoint: async (state) => `step-${saved.push(state)}`,
    });
    const done = events.at(-1);
    expect(done).toMatchObject({ type: "done", reason: "aborted" });
    expect(stepsOf(events).length).toBeLessThan(10);
    expect(events.at(-2)).toEqual({ type: "checkpoint", step: stepsOf(events).length, path: "step-1" });
    expect(saved).toHaveLength(1);
    run.dispose();
  });

  it("ends after maxSteps or maxSeconds", async () => {
    const run = tinyRun();
    expect((await collect(run, { maxSteps: 7 })).at(-1)).toMatchObject({ reason: "maxSteps", step: 7, epoch: 1.4 });
    expect((await collect(run, { maxSeconds: 0.05 })).at(-1)).toMatchObject({ reason: "maxTime" });
    run.dispose();
  });

  it("leaves the optimizer its learning rate, however a run ends", async () => {
    const run = tinyRun();
    const options = { ...run, epochs: 1, schedule: () => 0.5 };
    for await (const event of trainModel(options)) if (event.type === "step") break;
    expect(run.optimizer.lr).toBe(0.01);
    await collect(run, options);
    expect(run.optimizer.lr).toBe(0.01);
    run.dispose();
  });

  it("makes a step of the batches that are left at the end of an epoch", async () => {
    const run = tinyRun(); // 5 batches
    const events = await collect(run, { epochs: 1, accumulationSteps: 2 });
    expect(events[0]).toMatchObject({ totalSteps: 3 });
    expect(events.at(-1)).toMatchObject({ step: 3, epoch: 1, tokensSeen: 60 });
    run.dispose();
  });

  it("follows the schedule and clips from the given step on", async () => {
    const [free, clipped] = [tinyRun(), tinyRun()];
    const schedule = (step: number): number => 0.01 / (1 + step);
    const options = { epochs: 1, schedule };
    const without = stepsOf(await collect(free, options));
    const withClip = stepsOf(await collect(clipped, { ...options, clipNorm: { maxNorm: 0.01, fromStep: 2 } }));
    expect(withClip.map((event) => event.lr)).toEqual([0, 1, 2, 3, 4].map(schedule));
    // Steps 0 and 1 are equal; step 2 clips after its loss is known, so step 3's loss is the first to differ.
    expect(withClip.slice(0, 3).map((e) => e.loss)).toEqual(without.slice(0, 3).map((e) => e.loss));
    expect(withClip[2]?.gradNorm).toBe(without[2]?.gradNorm);
    expect(withClip[3]?.loss).not.toBe(without[3]?.loss);
    free.dispose();
    clipped.dispose();
  });

  it("makes one update of several batches, as of one large one", async () => {
    const options = { dropRate: 0, shuffle: false };
    const [small, large] = [tinyRun({ ...options, batchSize: 1 }), tinyRun({ ...options, batchSize: 4 })];
    const accumulated = stepsOf(await collect(small, { epochs: 1, accumulationSteps: 4 }));
    const whole = stepsOf(await collect(large, { epochs: 1 }));
    expect(accumulated).toHaveLength(3); // 4 + 4 + 2 windows; the large loader drops the last two
    for (const [i, { loss, gradNorm }] of whole.entries()) {
      expect(accumulated[i]?.loss).toBeCloseTo(loss, 5);
      expect(accumulated[i]?.gradNorm).toBeCloseTo(gradNorm ?? Number.NaN, 4);
    }
    small.dispose();
    large.dispose();
  });

  it("reports every few steps when asked to, with the same losses", async () => {
    const [every, some] = [tinyRun(), tinyRun()];
    const all = lossesOf(await collect(every, { epochs: 2 }));
    const events = stepsOf(await collect(some, { epochs: 2, logEvery: 4, trackGradNorm: false }));
    expect(events.map((event) => event.step)).toEqual([0, 4, 8]);
    expect(events.map((event) => event.loss)).toEqual([all[0], all[4], all[8]]);
    expect(events[0]).not.toHaveProperty("gradNorm");
    every.dispose();
    some.dispose();
  });

  it("hands the compiler functions of tensors alone, and the same losses come out", async () => {
    const [plain, compiled] = [tinyRun({ dropout: "fast" }), tinyRun({ dropout: "fast" })];
    const calls: string[] = [];
    const compile: Compile =
      (fn, options) =>
      (...args) => {
        expect(args.every((arg) => arg instanceof tf.Tensor)).toBe(true);
        calls.push(options?.name ?? "loss");
        return fn(...args);
      };
    const options = { epochs: 1, evalEvery: 3, evalBatches: 1 };
    const losses = lossesOf(await collect(plain, options));
    expect(lossesOf(await collect(compiled, { ...options, compile }))).toEqual(losses);
    const step = "trainStep";
    expect(calls).toEqual([step, "loss", "loss", step, step, step, "loss", "loss", step]);
    plain.dispose();
    compiled.dispose();
  });

  it("stops at a loss that is no number and names the step, however seldom it reports", async () => {
    for (const logEvery of [1, 100]) {
      const run = tinyRun({ lr: 1e30 });
      const saved: TrainState[] = [];
      const before = tf.memory().numTensors;
      const training = collect(run, {
        epochs: 3,
        logEvery,
        saveCheckpoint: async (state) => `step-${saved.push(state)}`,
      });
      const error: unknown = await training.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(NonFiniteLossError);
      expect(error).toMatchObject({ code: "NON_FINITE_LOSS", step: 1 });
      expect(saved).toEqual([]);
      expect(tf.memory().numTensors).toBe(before);
      run.dispose();
    }
  });

  it("trains on another chapter's batches, with its loss and its evaluation", async () => {
    const run = tinyRun();
    const { dataset, batchSize, generator } = run.trainLoader;
    const lastOnly = (windows: readonly TokenWindow[]): { ids: tf.Tensor2D; last: tf.Tensor1D } => ({
      ids: stackWindows(windows).inputs,
      last: tf.tensor1d(
        Int32Array.from(windows, ({ target }) => target.at(-1) as number),
        "int32",
      ),
    });
    const loader = new DataLoader(dataset, { batchSize, generator, collate: lastOnly });
    let evaluations = 0;
    const events = trainModel({
      ...run,
      trainLoader: loader,
      valLoader: loader,
      batchLoss: ({ ids, last }, model) => crossEntropy(model.forward(ids).slice([0, 5], [-1, 1]).squeeze([1]), last),
      evaluate: async () => ({ trainLoss: 1, valLoss: 2, accuracy: (evaluations += 1) }),
      epochs: 6,
      evalEvery: 10,
      accumulationSteps: 2,
    });
    const all = [];
    for await (const event of events) all.push(event);
    const found = all.filter((event) => event.type === "eval");
    expect(found.map(({ step, valLoss, accuracy }) => [step, valLoss, accuracy])).toEqual([
      [0, 2, 1],
      [10, 2, 2],
    ]);
    const steps = all.filter((event) => event.type === "step");
    expect(steps.at(-1)?.loss).toBeLessThan(0.8 * (steps[0]?.loss ?? 0));
    expect(steps[0]?.tokensSeen).toBe(24); // two batches of two rows of six
    run.dispose();
  });

  it("refuses options that do not fit together", async () => {
    const run = tinyRun();
    const wrong: [Partial<TrainOptions>, RegExp][] = [
      [{}, /Nothing ends the run/],
      [{ epochs: 0 }, /epochs is 0/],
      [{ epochs: 1, evalEvery: 1.5 }, /evalEvery is 1.5/],
      [{ epochs: 1, checkpointEvery: 5 }, /needs saveCheckpoint/],
      [{ maxSeconds: -1 }, /maxSeconds is -1/],
    ];
    for (const [options, message] of wrong) {
      await expect(collect(run, options)).rejects.toThrow(message);
      await expect(collect(run, options)).rejects.toThrow(TrainOptionsError);
    }
    const { tokenizer: _, ...rest } = run;
    await expect(trainModel({ ...rest, epochs: 1, sampleEvery: 5 }).next()).rejects.toThrow(/needs tokenizer/);
    const empty = tinyRun({ batchSize: 20 });
    await expect(collect(empty, { epochs: 1 })).rejects.toThrow(/no batch/);
    run.dispose();
    empty.dispose();
  });
});
