import { createHash } from "node:crypto";
import { AdamW, crossEntropy, Generator, TorchDropout, useDropout, valueAndGrads } from "@scratch-llm/nn";
import { onBackends } from "@test/backend.ts";
import { expectClose } from "@test/expect-close.ts";
import { type Packed, parity, PARITY_CONFIG as CONFIG, unpack } from "@test/gpt-parity.ts";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { toBookName } from "./book-names.ts";
import { generate } from "./generation/generate.ts";
import { GPTModel } from "./gpt-model.ts";
import { GPTModelFast } from "./gpt-model-fast.ts";

const ids = (): tf.Tensor2D => tf.tensor2d(parity.ids, [2, 8], "int32");
const lossOf = (model: GPTModel): tf.Scalar =>
  crossEntropy(model.forward(ids()).reshape([16, 48]), tf.tensor1d(parity.targets.flat(), "int32"));

/** The package also runs where float32 sums are formed in another order. */
const TOLERANCE = { cpu: 1e-5, wasm: 1e-4, native: 1e-5 } as const;

onBackends((backend) => {
  const absolute = TOLERANCE[backend];

  describe.each([
    ["GPTModel", GPTModel],
    ["GPTModelFast", GPTModelFast],
  ] as const)("%s", (_, Model) => {
    const build = (): GPTModel => new Model(CONFIG, { generator: new Generator(parity.seed) });

    it("starts from the same weights, to the bit", () => {
      const hash = createHash("sha256");
      for (const parameter of build().parameters())
        hash.update(new Uint8Array((parameter.dataSync() as Float32Array).buffer));
      expect(hash.digest("hex")).toBe(parity.initialSha256);
    });

    it("gives the same logits, loss and gradients", () => {
      const model = build();
      expectClose(model.forward(ids()), unpack(parity.logits), { absolute });
      const { value, grads } = valueAndGrads(() => lossOf(model), model.namedParameters());
      expectClose(value, parity.loss, { absolute });
      expect([...grads.keys()].map(toBookName)).toEqual(Object.keys(parity.gradients));
      for (const [name, gradient] of grads) {
        expectClose(gradient, unpack(parity.gradients[toBookName(name)] as Packed), { absolute });
      }
    });

    it("has the same weights after 3 AdamW steps", () => {
      const model = build();
      const { lr, weight_decay: weightDecay } = parity.adamw;
      const optimizer = new AdamW(model.namedParameters(), { lr, weightDecay });
      for (const loss of parity.losses) {
        const { value, grads } = valueAndGrads(() => lossOf(model), model.namedParameters());
        expectClose(value, loss, { absolute });
        optimizer.step(grads);
      }
      for (const [name, parameter] of model.namedParameters()) {
        expectClose(parameter, unpack(parity.trained[toBookName(name)] as Packed), { absolute });
      }
    });

    it("samples what the book's generate samples (section 5.3.3), past the context too", async () => {
      const { max_new_tokens: maxNewTokens, temperature, top_k: topK } = parity.sampling;
      const prompt = Int32Array.from(parity.sampled.slice(0, -maxNewTokens));
      const ids = [...prompt];
      for await (const step of generate(build(), prompt, { maxNewTokens, temperature, topK, seed: parity.seed })) {
        ids.push(step.id);
      }
      expect(ids).toEqual(parity.sampled);
    });

    it("drops out what PyTorch drops out", () => {
      const generator = new Generator(parity.seed);
      const model = new Model({ ...CONFIG, dropRate: parity.dropoutRate }, { generator });
      useDropout(model, new TorchDropout(generator));
      expectClose(model.forward(ids()), unpack(parity.dropoutLogits), { absolute });
    });
  });
});
