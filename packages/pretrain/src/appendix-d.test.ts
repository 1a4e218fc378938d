import * as tf from "@tensorflow/tfjs";
import { useTestBackend } from "@test/backend.ts";
import { beforeAll, expect, it } from "vitest";
import { type TinyRun, tinyRun } from "../test/tiny-run.ts";
import { findHighestGradient, trainModelAppendixD } from "./appendix-d.ts";
import { warmupCosine } from "./schedules.ts";
import { trainModel } from "./train-model.ts";

beforeAll(() => useTestBackend("wasm"));

it("finds the largest entry of all gradients, signs kept", async () => {
  const grads = new Map<string, tf.Tensor>([
    ["a", tf.tensor1d([-9, 0.5])],
    ["b", tf.tensor2d([[0.25, 0.75]])],
  ]);
  expect(await findHighestGradient(grads)).toBe(0.75);
  tf.dispose([...grads.values()]);
});

it("trains with warmup, cosine decay and clipping after the warmup", async () => {
  const settings = { nEpochs: 2, evalFreq: 3, evalIter: 1, warmupSteps: 4 };
  const history = async (run: TinyRun, origBookVersion: boolean): ReturnType<typeof trainModelAppendixD> =>
    trainModelAppendixD({ ...run, ...settings, origBookVersion });
  const [run, original, plain] = [tinyRun(), tinyRun(), tinyRun()];
  const schedule = warmupCosine({ peakLr: 0.01, initialLr: 3e-5, minLr: 1e-6, warmupSteps: 4, totalSteps: 10 });

  const ours = await history(run, false);
  expect(ours.lrs).toEqual(Array.from({ length: 10 }, (_, step) => schedule(step)));
  expect(ours.tokensSeen).toEqual([12, 48, 84, 120]);
  expect(run.optimizer.lr).toBe(0.01); // the peak stays the optimizer's own

  const losses: number[] = [];
  const clipNorm = { maxNorm: 1, fromStep: 4 };
  for await (const event of trainModel({ ...plain, epochs: 2, evalEvery: 3, evalBatches: 1, schedule, clipNorm })) {
    if (event.type === "eval") losses.push(event.trainLoss);
  }
  expect(ours.trainLosses).toEqual(losses);

  // The printed book clips from one step later: step 4 differs, and with it what follows.
  const book = await history(original, true);
  expect(book.trainLosses.slice(0, 2)).toEqual(ours.trainLosses.slice(0, 2));
  expect(book.trainLosses.slice(2)).not.toEqual(ours.trainLosses.slice(2));
  for (const one of [run, original, plain]) one.dispose();
});
