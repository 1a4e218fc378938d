// What rounding costs a model that the quickstart trained: minutes.
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { useTestBackend } from "@test/backend.ts";
import { runTrainer } from "@test/run-trainer.ts";
import type { GPTModel } from "@scratch-llm/gpt";
import { OnnxDecoder, type Quantization } from "@scratch-llm/onnx";
import { openOnnxModel, saveOnnxFolder } from "@scratch-llm/onnx/node";
import { encodeSplit, perplexity, type TokenSplit } from "@scratch-llm/pretrain";
import { SAMPLE_TEXTS } from "@scratch-llm/samples";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import { loadModelFolder } from "@scratch-llm/weights-loader/node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { RUN_PRESETS } from "./run-config.ts";

let folder: string;
let model: GPTModel;
let tokenizer: Tokenizer;
/** The part that was kept for validation, and as much of what the model learnt by heart. */
let texts: TokenSplit;
let exact: Record<keyof TokenSplit, number>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "quantized-"));
  const ended = await runTrainer(["quickstart", "--run-dir", "run", "--quiet"], { cwd: folder });
  if (ended.code !== 0) throw new Error(ended.stderr);
  await useTestBackend("cpu");
  const checkpoints = join(folder, "run", "checkpoints");
  const [last] = (await readdir(checkpoints)).toSorted().toReversed();
  ({ model, tokenizer } = await loadModelFolder(join(checkpoints, last!)));
  const contents = await Promise.all(Object.values(SAMPLE_TEXTS).map((url) => readFile(url, "utf8")));
  const { train, val } = encodeSplit(contents, tokenizer, RUN_PRESETS.quickstart.data.trainFraction);
  texts = { train: train.subarray(0, val.length), val };
  exact = await perplexities("none");
}, 900_000);
afterAll(() => rm(folder, { recursive: true }));

async function perplexities(quantization: Quantization): Promise<Record<keyof TokenSplit, number>> {
  const target = join(folder, quantization);
  await saveOnnxFolder(target, { model, tokenizer, quantization });
  const session = await openOnnxModel(target, { threads: 1 });
  const decoder = new OnnxDecoder(session);
  const result = { train: await measure(decoder, texts.train), val: await measure(decoder, texts.val) };
  await session.dispose();
  console.log(quantization, result);
  return result;
}

/** Read token by token, as a model reads what it writes: some encodings depend on how much is read together. */
async function measure(decoder: OnnxDecoder, ids: Int32Array): Promise<number> {
  let [loss, count] = [0, 0];
  for (let start = 0; start + 1 < ids.length; start += decoder.contextLength) {
    const window = ids.slice(start, start + decoder.contextLength + 1);
    let [logits] = await decoder.prefill([window.slice(0, 1)]);
    for (let i = 1; i < window.length; i++) {
      loss += crossEntropy(logits!, window[i]!);
      count++;
      if (i + 1 < window.length) [logits] = await decoder.step(window.slice(i, i + 1));
    }
    decoder.dispose();
  }
  return perplexity(loss / count);
}

function crossEntropy(logits: Float32Array, target: number): number {
  const highest = Math.max(...logits);
  return highest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0)) - logits[target]!;
}

it.each([
  ["f16", 0.001],
  ["int8", 0.01],
  ["int4", 0.05],
  ["dynamic", 0.03],
] as const)("%s: the perplexity is that of 32-bit floats within a share of %d", async (quantization, share) => {
  const rounded = await perplexities(quantization);
  for (const part of ["val", "train"] as const) {
    expect(Math.abs(rounded[part] / exact[part] - 1), part).toBeLessThan(share);
  }
});
