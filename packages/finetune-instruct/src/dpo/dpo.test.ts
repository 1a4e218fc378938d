import { readFile } from "node:fs/promises";
import { DataLoader } from "@scratch-llm/dataloader";
import { GPTModelFast, toBookName } from "@scratch-llm/gpt";
import { AdamW, type Compile, Generator, valueAndGrads } from "@scratch-llm/nn";
import { trainBPE } from "@scratch-llm/tokenizer";
import { expectNoTensorLeak, onBackends, useTestBackend } from "@test/backend.ts";
import { expectClose } from "@test/expect-close.ts";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { EmptyCompletionError } from "../errors.ts";
import type { Preference } from "../instruction.ts";
import { formatInput } from "../prompt-format.ts";
import { collatePreferences } from "./collate-preferences.ts";
import { computeDpoLoss, computeDpoLossBatch } from "./dpo-loss.ts";
import { computeLogprobs } from "./logprobs.ts";
import { type EncodedPreference, PreferenceDataset } from "./preference-dataset.ts";
import { type DpoMeasures, evaluateDpo, trainDpo } from "./train-dpo.ts";
import { collateReferenced, withReference } from "./with-reference.ts";

interface Packed {
  readonly base64: string;
}
/** What fixtures/finetune-instruct/make_parity.py writes. */
interface Parity {
  readonly seeds: { readonly policy: number; readonly reference: number };
  readonly padTokenId: number;
  readonly dpo: {
    readonly pairs: readonly (Record<"chosen" | "rejected", number[]> & { readonly maskedLength: number })[];
    readonly beta: number;
    /** Of each pair: policy chosen, policy rejected, reference chosen, reference rejected. */
    readonly logprobs: readonly [number, number, number, number][];
    readonly loss: number;
    readonly chosenRewards: number[];
    readonly rejectedRewards: number[];
    readonly gradients: Record<string, Packed>;
  };
}

const { dpo, seeds, padTokenId } = JSON.parse(
  await readFile(new URL("../../../../fixtures/finetune-instruct/parity.json", import.meta.url), "utf8"),
) as Parity;
const CONFIG = { vocabSize: 61, contextLength: 16, embDim: 12, nHeads: 3, nLayers: 2, dropRate: 0, qkvBias: true };
const build = (seed: number): GPTModelFast => new GPTModelFast(CONFIG, { generator: new Generator(seed) });
const unpack = ({ base64 }: Packed): Float32Array =>
  new Float32Array(new Uint8Array(Buffer.from(base64, "base64")).buffer);
const PAIRS: EncodedPreference[] = dpo.pairs.map(({ chosen, rejected, maskedLength }) => ({
  chosen: Int32Array.from(chosen),
  rejected: Int32Array.from(rejected),
  maskedLength,
}));
const dataset = { length: PAIRS.length, get: (index: number) => PAIRS[index] as EncodedPreference };

onBackends(() => {
  it("gives PyTorch's log-probabilities, loss, rewards and gradients", async () => {
    const [policy, reference] = [build(seeds.policy), build(seeds.reference)];
    const referenced = await withReference(dataset, reference, { padTokenId, batchSize: 2 });
    for (const [i, [, , chosen, rejected]] of dpo.logprobs.entries()) {
      expect(referenced.get(i).referenceChosen).toBeCloseTo(chosen, 5);
      expect(referenced.get(i).referenceRejected).toBeCloseTo(rejected, 5);
    }
    const batch = collateReferenced({ padTokenId })(PAIRS.map((_, i) => referenced.get(i)));
    const { loss, chosenRewards, rejectedRewards } = computeDpoLossBatch(batch, policy, dpo.beta);
    expectClose(loss, [dpo.loss], { absolute: 1e-5 });
    expectClose(chosenRewards, dpo.chosenRewards, { absolute: 1e-5 });
    expectClose(rejectedRewards, dpo.rejectedRewards, { absolute: 1e-5 });

    const lossFn = (): tf.Scalar => computeDpoLossBatch(batch, policy, dpo.beta).loss;
    const { grads } = valueAndGrads(lossFn, policy.namedParameters());
    expect(grads.size).toBe(Object.keys(dpo.gradients).length);
    for (const [name, gradient] of grads) {
      expectClose(gradient, unpack(dpo.gradients[toBookName(name)] as Packed), { absolute: 1e-5 });
    }
    tf.disposeVariables();
  });

  it("averages log-probabilities over what counts, or over all that is predicted", () => {
    const uniform = tf.zeros<tf.Rank.R3>([2, 3, 4]);
    const labels = tf.tensor2d(
      [
        [1, 2, 3],
        [0, 1, 0],
      ],
      undefined,
      "int32",
    );
    expectClose(computeLogprobs(uniform, labels), [-Math.log(4), -Math.log(4)]);
    const sure = tf.tensor3d([
      [
        [0, 0, 9, 0],
        [0, 0, 0, 0],
        [9, 0, 0, 0],
      ],
    ]);
    const one = labels.slice([0, 0], [1, 3]);
    const masked = (mask: number[]): tf.Tensor => computeLogprobs(sure, one, tf.tensor2d([mask], undefined, "int32"));
    const certain = -Math.log1p(3 * Math.exp(-9));
    expectClose(masked([1, 1, 0]), [certain]);
    expectClose(masked([0, 0, 1]), [-Math.log(4)]);
    expectClose(masked([1, 1, 1]), [(certain - Math.log(4)) / 2]);
  });
});

describe("preferences", () => {
  beforeAll(() => useTestBackend("cpu"));
  const tokenizer = trainBPE([""], { vocabSize: 257 });
  const entry: Preference = { instruction: "Go.", input: "", chosen: "Yes, sir.", rejected: "No." };

  it("begin with the mark before the answer, as in the DPO notebook", () => {
    const { chosen, rejected, maskedLength } = new PreferenceDataset([entry], tokenizer).get(0);
    expect(maskedLength).toBe(formatInput(entry).length + 2);
    expect(tokenizer.decode(chosen.subarray(maskedLength))).toBe("### Response:\nYes, sir.");
    expect(tokenizer.decode(rejected.subarray(maskedLength))).toBe("### Response:\nNo.");
  });

  it("become rows of one length, with what counts", () => {
    const batch = collatePreferences({ padTokenId: 9 })([
      { chosen: Int32Array.of(1, 2, 3), rejected: Int32Array.of(1, 2, 4, 5), maskedLength: 2 },
      { chosen: Int32Array.of(6, 7), rejected: Int32Array.of(6, 8), maskedLength: 1 },
    ]);
    const values = Object.fromEntries(Object.entries(batch).map(([name, tensor]) => [name, tensor.arraySync()]));
    expect(values).toEqual({
      chosen: [
        [1, 2, 3, 9, 9],
        [6, 7, 9, 9, 9],
      ],
      rejected: [
        [1, 2, 4, 5, 9],
        [6, 8, 9, 9, 9],
      ],
      chosenMask: [
        [0, 0, 1, 0, 0],
        [0, 1, 0, 0, 0],
      ],
      rejectedMask: [
        [0, 0, 1, 1, 0],
        [0, 1, 0, 0, 0],
      ],
    });
    expect(collatePreferences({ padToMultipleOf: 16 })(PAIRS).rejectedMask.shape).toEqual([3, 16]);
    const whole = collatePreferences({ maskPromptTokens: false, allowedMaxLength: 3 })(PAIRS);
    expect(whole.chosenMask.arraySync()).toEqual([
      [1, 1, 1],
      [1, 1, 1],
      [1, 1, 1],
    ]);
  });

  it("are skipped and counted, or refused, where truncation leaves nothing of an answer", () => {
    const start = formatInput(entry).length + "\n\n### Response:\n".length;
    expect(new PreferenceDataset([entry], tokenizer, { maxLength: start + 1 }).skipped).toEqual([]);
    const { skipped, length } = new PreferenceDataset([entry], tokenizer, { maxLength: start });
    expect(skipped).toEqual([entry]);
    expect(length).toBe(0);
    const before = tf.memory().numTensors;
    expect(() => collatePreferences({ allowedMaxLength: 3 })(PAIRS)).toThrow(EmptyCompletionError);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("cost log 2 where the policy is the reference, and less the more it prefers the chosen", () => {
    const logprobs = (margin: number) => {
      const [low, high] = [tf.tensor1d([-4, -5]), tf.tensor1d([-4 + margin, -5 + margin])];
      return {
        modelChosenLogprobs: high,
        modelRejectedLogprobs: low,
        referenceChosenLogprobs: low,
        referenceRejectedLogprobs: low,
      };
    };
    expectClose(computeDpoLoss(logprobs(0)).loss, [Math.LN2]);
    expectClose(computeDpoLoss(logprobs(3), 0.5).loss, [Math.log1p(Math.exp(-1.5))]);
    expectClose(computeDpoLoss(logprobs(2000), 1).loss, [0]);
    expectClose(computeDpoLoss(logprobs(-2000), 1).loss, [2000]);
  });
});

describe("trainDpo", () => {
  beforeAll(() => useTestBackend("wasm"));

  /** Preferred answers rise by two, rejected ones fall: a habit that a tiny model can learn. */
  const habit = (count: number, offset: number): EncodedPreference[] =>
    Array.from({ length: count }, (_, i) => {
      const start = (offset + 7 * i) % 40;
      const row = (step: number): Int32Array => Int32Array.from({ length: 8 }, (__, at) => start + 10 + step * at);
      return { chosen: row(1), rejected: row(-1), maskedLength: 1 };
    });

  async function setUp(compile?: Compile) {
    const generator = new Generator(123);
    const model = new GPTModelFast({ ...CONFIG, dropRate: 0.1 }, { generator });
    const [train, val] = [habit(24, 0), habit(8, 3)].map((pairs) => ({
      length: pairs.length,
      get: (index: number) => pairs[index] as EncodedPreference,
    })) as [typeof dataset, typeof dataset];
    const options = { padTokenId, ...(compile && { compile }) };
    const loader = async (from: typeof dataset, shuffle: boolean) =>
      new DataLoader(await withReference(from, model, options), {
        batchSize: 4,
        shuffle,
        collate: collateReferenced({ padTokenId }),
        generator,
      });
    const [trainLoader, valLoader] = [await loader(train, true), await loader(val, false)];
    const optimizer = new AdamW(model.namedParameters(), { lr: 1e-2, weightDecay: 0.01 });
    return { model, optimizer, trainLoader, valLoader };
  }

  it("lets the margin grow on answers it has not seen, from nothing", async () => {
    const run = await setUp();
    const { evaluations, first, last } = await train(run, 6);
    expect(evaluations).toHaveLength(8); // 36 steps: after 0, 5, …, 35
    expect(first.valLoss).toBeGreaterThan(0.66);
    expect(Math.abs(first.valRewardMargin)).toBeLessThan(0.2);
    expect(last.valLoss).toBeLessThan(first.valLoss - 0.1);
    expect(last.valRewardMargin).toBeGreaterThan(2);
    expect(last.valAccuracy).toBe(1);
    expect(last.valRewardMargin).toBeCloseTo(last.valChosenReward - last.valRejectedReward, 6);
    run.model.dispose();
    run.optimizer.dispose();
  });

  async function train(run: Awaited<ReturnType<typeof setUp>>, epochs: number) {
    const evaluations: DpoMeasures[] = [];
    for await (const event of trainDpo({ ...run, epochs, evalEvery: 5 })) {
      if (event.type === "eval") evaluations.push(event);
    }
    return { evaluations, first: evaluations[0] as DpoMeasures, last: evaluations.at(-1) as DpoMeasures };
  }

  it("calls what it is to compile with tensors alone, and leaves none behind", async () => {
    const names: (string | undefined)[] = [];
    const compile: Compile = (fn, options) => {
      names.push(options?.name);
      return (...args) => {
        expect(args.every((arg) => arg instanceof tf.Tensor)).toBe(true);
        return fn(...args);
      };
    };
    const run = await setUp(compile);
    const types = new Set<string>();
    await expectNoTensorLeak(async () => {
      const events = trainDpo({ ...run, compile, epochs: 1, evalEvery: 3, accumulationSteps: 2 });
      for await (const event of events) types.add(event.type);
    });
    expect([...types]).toEqual(["start", "step", "eval", "done"]);
    expect(names).toContain("reference");
    expect(names).toContain("dpo");
    run.model.dispose();
    run.optimizer.dispose();
  });

  it("measures nothing but a frozen reference's own judgement before the first step", async () => {
    const { model, optimizer, trainLoader, valLoader } = await setUp();
    const measures = await evaluateDpo({ model, trainLoader, valLoader, evalIter: 99 });
    expect(measures.trainLoss).toBeCloseTo(Math.LN2, 6);
    expect(measures.valChosenReward).toBeCloseTo(0, 5);
    expect(model.training).toBe(true);
    model.dispose();
    optimizer.dispose();
  });
});
