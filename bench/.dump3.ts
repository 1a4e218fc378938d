import { useBackend } from "@scratch-llm/backend/node";
import { GPT_CONFIGS, GPTModelFast } from "@scratch-llm/gpt";
import { AdamW, crossEntropy, FastDropout, Generator, useDropout, valueAndGrads } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import { optimize } from "/work/main/packages/backend/src/compile/optimize.ts";
import { trace } from "/work/main/packages/backend/src/compile/trace.ts";
import { peakMemory } from "/work/main/packages/backend/src/compile/peak-memory.ts";
await useBackend("native");
const [batch, context, dropRate] = [Number(process.argv[2]), Number(process.argv[3]), Number(process.argv[4])];
const generator = new Generator(123);
const preset = GPT_CONFIGS["gpt2-124M"];
const model = new GPTModelFast({ ...preset, nLayers: 2, contextLength: context, dropRate }, { generator });
useDropout(model, new FastDropout(generator));
const params = model.namedParameters();
const optimizer = new AdamW(params, { lr: 4e-4, weightDecay: 0.1 });
const step = (ids: tf.Tensor2D) => tf.tidy(() => {
  const { value, grads } = valueAndGrads(() => crossEntropy(model.forward(ids).reshape([batch * context, preset.vocabSize]), ids.reshape([batch * context])), params);
  optimizer.step(grads);
  return value;
});
const { graph } = trace("s", step, [tf.zeros([batch, context], "int32")]);
for (const recompute of ["none", "block"] as const) {
  const g = optimize(graph, { precision: "f32", recompute });
  console.log("##", recompute, g.nodes.length, (peakMemory(g) / 1e9).toFixed(2), "GB");
  if (recompute === process.argv[5]) for (const n of g.nodes) console.log(n.id, n.op, n.region ?? "", n.backward ? "bw" : "", n.inputs.map((i) => i.node).join(), JSON.stringify(n.outputs.map((o) => o.shape.join())), n.after.join());
}
