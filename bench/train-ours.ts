/**
 * Our side of `pnpm bench train`, in a process of its own: times training steps of a GPT on random tokens and prints one
 * JSON object, as train_peer.py does.
 *
 *     tsx bench/train-ours.ts --size 124M --batch 2 --context 256 [--eager] [--precision bf16] [--recompute block]
 */
import { parseArgs } from "node:util";
import { compile, type CompileOptions, useBackend } from "@scratch-llm/backend/node";
import { GPT_CONFIGS, GPTModelFast } from "@scratch-llm/gpt";
import { AdamW, crossEntropy, FastDropout, Generator, TorchDropout, useDropout, valueAndGrads } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({
  options: {
    size: { type: "string", default: "124M" },
    batch: { type: "string", default: "2" },
    context: { type: "string", default: "256" },
    dropout: { type: "string", default: "0" },
    masks: { type: "string", default: "fast" },
    warmup: { type: "string", default: "3" },
    steps: { type: "string", default: "8" },
    eager: { type: "boolean", default: false },
    precision: { type: "string", default: "f32" },
    recompute: { type: "string", default: "none" },
  },
});
const [batch, context, dropRate, warmup, steps] = [
  Number(values.batch),
  Number(values.context),
  Number(values.dropout),
  Number(values.warmup),
  Number(values.steps),
];
const { precision, recompute } = values as Required<Pick<CompileOptions, "precision" | "recompute">>;
const preset = GPT_CONFIGS[`gpt2-${values.size}` as keyof typeof GPT_CONFIGS];

const started = performance.now();
const { versions, threads } = await useBackend("native");
const generator = new Generator(123);
const model = new GPTModelFast({ ...preset, contextLength: context, dropRate }, { generator });
useDropout(model, values.masks === "torch" ? new TorchDropout(generator) : new FastDropout(generator));
const params = model.namedParameters();
const optimizer = new AdamW(params, { lr: 4e-4, weightDecay: 0.1 });

function trainStep(inputs: tf.Tensor2D, targets: tf.Tensor2D): tf.Scalar {
  return tf.tidy(() => {
    const { value, grads } = valueAndGrads(() => {
      const logits = model.forward(inputs); // (b, t, v)
      return crossEntropy(logits.reshape([batch * context, preset.vocabSize]), targets.reshape([batch * context]));
    }, params);
    optimizer.step(grads);
    return value;
  });
}

const step = values.eager ? trainStep : compile(trainStep, { precision, recompute });
const tokens = (): tf.Tensor2D =>
  tf.tensor2d(
    Int32Array.from({ length: batch * context }, () => generator.randint(0, preset.vocabSize)),
    [batch, context],
    "int32",
  );
const [inputs, targets] = [tokens(), tokens()];
const ms: number[] = [];
const losses: number[] = [];
let setUpMs = 0;
for (let i = 0; i < warmup + steps; i++) {
  const begin = performance.now();
  const loss = step(inputs, targets);
  losses.push((await loss.data())[0]!);
  loss.dispose();
  if (i === 0) setUpMs = performance.now() - started;
  if (i >= warmup) ms.push(performance.now() - begin);
}
const peakRssBytes = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ ms, losses, peakRssBytes, threads, versions, setUpMs }));
