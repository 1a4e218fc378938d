import { readFileSync } from "node:fs";
import { DataLoader, GPTDatasetV1 } from "@scratch-llm/dataloader";
import { type GPTConfig, generateTextSimple, GPTModel } from "@scratch-llm/gpt";
import { AdamW, Generator, TorchDropout } from "@scratch-llm/nn";
import { onBackends } from "@test/backend.ts";
import { expect, it } from "vitest";
import { warmupCosine } from "./schedules.ts";
import { trainModel } from "./train-model.ts";
import type { TrainOptions } from "./train-options.ts";

interface Outcome {
  trainLosses: number[];
  valLosses: number[];
  tokensSeen: number[];
  lrs: number[];
  generated: number[];
  nextDraw: number;
}

/** What make_loop.py wrote. */
interface LoopFixture {
  readonly seed: number;
  readonly config: Readonly<
    Record<"vocab_size" | "context_length" | "emb_dim" | "n_heads" | "n_layers" | "drop_rate", number>
  > & { readonly qkv_bias: boolean };
  readonly windows: { readonly max_length: number; readonly stride: number };
  readonly adamw: { readonly lr: number; readonly weight_decay: number };
  readonly batchSize: number;
  readonly epochs: number;
  readonly evalFreq: number;
  readonly evalIter: number;
  readonly warmupSteps: number;
  readonly start: readonly number[];
  readonly trainIds: readonly number[];
  readonly valIds: readonly number[];
  readonly simple: Omit<Outcome, "lrs">;
  readonly appendixD: Outcome;
}

const path = new URL("../../../fixtures/pretrain/loop.json", import.meta.url);
const loop = JSON.parse(readFileSync(path, "utf8")) as LoopFixture;

const CONFIG: GPTConfig = {
  vocabSize: loop.config.vocab_size,
  contextLength: loop.config.context_length,
  embDim: loop.config.emb_dim,
  nHeads: loop.config.n_heads,
  nLayers: loop.config.n_layers,
  dropRate: loop.config.drop_rate,
  qkvBias: loop.config.qkv_bias,
};

/** The fixture's run: seed, model, loaders, then the loop. */
async function train(options: Partial<TrainOptions>): Promise<Outcome> {
  const generator = new Generator(loop.seed);
  const model = new GPTModel(CONFIG, { generator });
  const { lr, weight_decay: weightDecay } = loop.adamw;
  const optimizer = new AdamW(model.namedParameters(), { lr, weightDecay });
  const windows = { maxLength: loop.windows.max_length, stride: loop.windows.stride };
  const [trainSet, valSet] = [loop.trainIds, loop.valIds].map(
    (ids) => new GPTDatasetV1(Int32Array.from(ids), undefined, windows),
  ) as [GPTDatasetV1, GPTDatasetV1];
  const { batchSize, epochs, evalFreq: evalEvery, evalIter: evalBatches } = loop;
  const trainLoader = new DataLoader(trainSet, { batchSize, generator });
  const valLoader = new DataLoader(valSet, { batchSize, shuffle: false, dropLast: false, generator });
  const dropout = new TorchDropout(generator);
  const outcome: Outcome = { trainLosses: [], valLosses: [], tokensSeen: [], lrs: [], generated: [], nextDraw: 0 };
  const run = { model, optimizer, trainLoader, valLoader, dropout, epochs, evalEvery, evalBatches };
  for await (const event of trainModel({ ...run, ...options })) {
    if (event.type === "step") outcome.lrs.push(event.lr);
    if (event.type !== "eval") continue;
    outcome.trainLosses.push(event.trainLoss);
    outcome.valLosses.push(event.valLoss);
    outcome.tokensSeen.push(event.tokensSeen);
  }
  model.eval();
  const ids = Int32Array.from(loop.start);
  const generated = generateTextSimple({ model, ids, maxNewTokens: 20, contextSize: CONFIG.contextLength });
  outcome.generated = [...(await generated.data())];
  outcome.nextDraw = generator.randint(0, 2 ** 20);
  generated.dispose();
  model.dispose();
  optimizer.dispose();
  return outcome;
}

/** Every evaluation within 1e-4, the generated ids equal, and the generator at the same place. */
function expectEqualRuns(ours: Outcome, theirs: Omit<Outcome, "lrs">): void {
  for (const name of ["trainLosses", "valLosses"] as const) {
    expect(ours[name]).toHaveLength(theirs[name].length);
    const worst = Math.max(...ours[name].map((loss, i) => Math.abs(loss - (theirs[name][i] ?? Number.NaN))));
    expect(worst).toBeLessThan(1e-4);
  }
  expect(ours.tokensSeen).toEqual(theirs.tokensSeen);
  expect(ours.generated).toEqual(theirs.generated);
  expect(ours.nextDraw).toBe(theirs.nextDraw);
}

onBackends(() => {
  it("gives every evaluation of chapter 5's loop in PyTorch, dropout and shuffling included", async () => {
    expectEqualRuns(await train({}), loop.simple);
  });

  it("gives every evaluation of appendix D's loop, with warmup, cosine decay and clipping", async () => {
    const totalSteps = loop.appendixD.lrs.length;
    const { warmupSteps } = loop;
    const schedule = warmupCosine({ peakLr: loop.adamw.lr, initialLr: 1e-4, minLr: 1e-5, warmupSteps, totalSteps });
    const ours = await train({ schedule, clipNorm: { maxNorm: 1, fromStep: warmupSteps } });
    expectEqualRuns(ours, loop.appendixD);
    expect(ours.lrs).toEqual(loop.appendixD.lrs);
  });
});
