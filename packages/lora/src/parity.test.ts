import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { GPTModelFast, toBookName } from "@scratch-llm/gpt";
import { crossEntropy, Generator, valueAndGrads } from "@scratch-llm/nn";
import { onBackends } from "@test/backend.ts";
import { expectClose } from "@test/expect-close.ts";
import { type Packed, PARITY_CONFIG, unpack } from "@test/gpt-parity.ts";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { injectLora } from "./adapter.ts";
import type { LoRAOptions } from "./lora-layer.ts";
import { mergeLora } from "./merge.ts";

/** What fixtures/lora/make_parity.py writes. */
interface Parity {
  readonly seed: number;
  readonly rank: number;
  readonly alpha: number;
  readonly ids: number[][];
  readonly targets: number[][];
  readonly names: string[];
  readonly initialSha256: string;
  readonly logits: Packed;
  readonly loss: number;
  readonly gradients: Record<string, Packed>;
  readonly merged: Packed;
}

const CONFIG = { ...PARITY_CONFIG, qkvBias: true };
const parity = JSON.parse(
  await readFile(new URL("../../../fixtures/lora/parity.json", import.meta.url), "utf8"),
) as Parity;
const { rank, alpha } = parity;
const CONVENTIONS: Omit<LoRAOptions, "generator">[] = [
  { rank, alpha, scaling: "alpha" },
  { rank, alpha: alpha * rank, scaling: "alpha/rank" },
];

const ids = (): tf.Tensor2D => tf.tensor2d(parity.ids, [2, 8], "int32");
const lossOf = (model: GPTModelFast): tf.Scalar =>
  crossEntropy(model.forward(ids()).reshape([16, 48]), tf.tensor1d(parity.targets.flat(), "int32"));

/** WASM forms sums in another order. */
const TOLERANCE = { cpu: 1e-5, wasm: 1e-4, native: 1e-5 } as const;

onBackends((backend) => {
  const absolute = TOLERANCE[backend];

  it.each(CONVENTIONS)("agrees with the book's layers in PyTorch: scaling $scaling", (options) => {
    const generator = new Generator(parity.seed);
    const model = new GPTModelFast(CONFIG, { generator });
    const adapter = injectLora(model, { ...options, generator });
    const params = new Map([...model.namedParameters()].filter(([, variable]) => variable.trainable));
    expect([...params.keys()].map(toBookName)).toEqual(parity.names);
    const hash = createHash("sha256");
    for (const variable of params.values()) hash.update(new Uint8Array(variable.dataSync<"float32">().buffer));
    expect(hash.digest("hex")).toBe(parity.initialSha256);

    const again = new Generator(parity.seed);
    for (const { B } of adapter.values()) B.assign(tf.tensor(again.uniform(B.size, -0.1, 0.1), B.shape));
    const beside = model.forward(ids());
    expectClose(beside, unpack(parity.logits), { absolute });
    const { value, grads } = valueAndGrads(() => lossOf(model), model.namedParameters());
    expectClose(value, [parity.loss], { absolute });
    expect([...grads.keys()].map(toBookName)).toEqual(parity.names);
    for (const [name, grad] of grads) {
      expectClose(grad, unpack(parity.gradients[toBookName(name)] as Packed), { absolute, relative: absolute });
    }

    mergeLora(model);
    const merged = model.forward(ids());
    expectClose(merged, unpack(parity.merged), { absolute });
    const largest = Math.max(...beside.dataSync().map(Math.abs));
    expectClose(merged, beside.dataSync(), { absolute: 1e-6 * largest });
  });
});
