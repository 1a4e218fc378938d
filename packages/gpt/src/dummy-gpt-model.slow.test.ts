import { Generator, TorchDropout, useDropout } from "@scratch-llm/nn";
import { useTestBackend } from "@test/backend.ts";
import { expectClose, FOUR_DECIMALS } from "@test/expect-close.ts";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { GPT_CONFIG_124M } from "./config.ts";
import { DummyGPTModel } from "./dummy-gpt-model.ts";

it("gives section 4.1's logits with seed 123, dropout and all", async () => {
  if (!(await useTestBackend("native"))) await useTestBackend("wasm");
  const generator = new Generator(123);
  const model = new DummyGPTModel(GPT_CONFIG_124M, { generator });
  useDropout(model, new TorchDropout(generator));
  const ids = tf.tensor2d(
    [
      [6109, 3626, 6100, 345], // Every effort moves you
      [6109, 1110, 6622, 257], // Every day holds a
    ],
    [2, 4],
    "int32",
  );
  const logits = model.forward(ids);
  model.dispose();
  expect(logits.shape).toEqual([2, 4, 50_257]);

  const rows = logits.reshape([8, 50_257]).dataSync();
  const row = (i: number): Float32Array => rows.slice(i * 50_257, (i + 1) * 50_257) as Float32Array;
  expectClose(row(0).slice(0, 3), [-1.2034, 0.3201, -0.713], FOUR_DECIMALS);
  expectClose(row(0).slice(-3), [-1.5548, -0.239, -0.4667], FOUR_DECIMALS);
  expectClose(row(7).slice(0, 3), [-0.2407, -0.7349, -0.5102], FOUR_DECIMALS);
  expectClose(row(7).slice(-3), [2.0057, -0.3694, 0.1814], FOUR_DECIMALS);
});
