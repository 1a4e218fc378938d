import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { GPTModelFast } from "@scratch-llm/gpt";
import { Generator, Linear, Sequential } from "@scratch-llm/nn";
import { loadModelFolder } from "@scratch-llm/weights-loader/node";
import { expectClose } from "@test/expect-close.ts";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAdapter, injectLora, useAdapter } from "../adapter.ts";
import { mergeLora } from "../merge.ts";
import { loadPeftAdapter, savePeftAdapter } from "../node.ts";
import { makePeftConfig } from "./config.ts";
import { mergeParts } from "./layout.ts";

const fixtures = fileURLToPath(new URL("../../../../fixtures", import.meta.url));
const expected = JSON.parse(await readFile(join(fixtures, "lora/peft.json"), "utf8")) as {
  readonly ids: number[];
  readonly whole: number[];
  readonly patterns: number[];
};

let scratch: string;
let model: GPTModelFast;
beforeAll(async () => {
  await tf.setBackend("cpu");
  scratch = await mkdtemp(join(tmpdir(), "peft-"));
  ({ model } = await loadModelFolder(join(fixtures, "gpt2-weights/hf")));
});
afterAll(() => rm(scratch, { recursive: true }));

const logits = (): Float32Array =>
  tf.tidy(() =>
    model.forward(tf.tensor2d([expected.ids], undefined, "int32"), { lastOnly: true }).dataSync<"float32">(),
  );
/** A millionth of the largest value. */
const withinMillionth = (values: readonly number[]): { absolute: number } => ({
  absolute: 1e-6 * Math.max(...values.map(Math.abs)),
});
const config = async (folder: string): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(join(folder, "adapter_config.json"), "utf8")) as Record<string, unknown>;

describe.each(["whole", "patterns"] as const)("an adapter that PEFT made: %s", (name) => {
  it("gives PEFT's logits, and again after it was written and read", async () => {
    const adapter = await loadPeftAdapter(join(fixtures, "lora", name), model);
    useAdapter(model, adapter);
    expectClose(logits(), expected[name], withinMillionth(expected[name]));
    const folder = join(scratch, name);
    await savePeftAdapter(folder, model, { baseModel: "base" });
    useAdapter(model, await loadPeftAdapter(folder, model));
    expectClose(logits(), expected[name], withinMillionth(expected[name]));
    useAdapter(model, undefined);
  });

  it("is written with the ranks and scales that it was read with", async () => {
    useAdapter(model, await loadPeftAdapter(join(fixtures, "lora", name), model));
    const folder = join(scratch, `${name}-config`);
    await savePeftAdapter(folder, model);
    const { target_modules: targets, r, lora_alpha, rank_pattern, alpha_pattern } = await config(folder);
    expect({ targets, r, lora_alpha, rank_pattern, alpha_pattern }).toEqual(
      name === "whole"
        ? {
            targets: ["attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"],
            r: 4,
            lora_alpha: 8,
            rank_pattern: {},
            alpha_pattern: {},
          }
        : {
            targets: ["attn.c_attn", "mlp.c_fc"],
            r: 4,
            lora_alpha: 12, // rslora's 6 / √4 as 12 / 4
            rank_pattern: { "mlp.c_fc": 3 },
            alpha_pattern: { "mlp.c_fc": (5 / Math.sqrt(3)) * 3 },
          },
    );
    useAdapter(model, undefined);
  });
});

describe("an adapter of ours", () => {
  it.each([
    ["query and value of one layer", /^trfBlocks\.1\.att\.w(Query|Value)$/, ["transformer.h.1.attn.c_attn"], 6],
    ["all projections", /att/, ["attn.c_attn", "attn.c_proj"], 9],
  ])("comes back as it was: %s", async (name, match, targets, r) => {
    const adapter = createAdapter(model, { rank: 3, alpha: 5, scaling: "alpha", match, generator: new Generator(3) });
    const generator = new Generator(4);
    for (const { B } of adapter.values()) B.assign(tf.tensor(generator.normal(B.size, 0, 0.05), B.shape));
    useAdapter(model, adapter);
    const before = logits();
    const folder = join(scratch, name);
    await savePeftAdapter(folder, model);
    const written = await config(folder);
    expect(written["target_modules"]).toEqual(targets);
    expect(written["r"]).toBe(r);
    useAdapter(model, await loadPeftAdapter(folder, model));
    expectClose(logits(), before, { absolute: 1e-5 });
    useAdapter(model, undefined);
  });

  it("is written as one layer of query, key and value, each with its own scale", () => {
    const part = { b: Float32Array.of(1), rank: 1, inDim: 2, outDim: 1 };
    const query = { ...part, a: Float32Array.of(1, 2), scale: 2 };
    const value = { ...part, a: Float32Array.of(3, 4), scale: 6 };
    expect(mergeParts([query, undefined, value])).toEqual({
      a: Float32Array.of(1, 2, 3, 4), // [Aq; Av]
      b: Float32Array.of(1, 0, 0, 0, 0, 3), // a row for each output; the value's times 6 / 2
      rank: 2,
      inDim: 2,
      outDim: 3,
      scale: 2,
    });
  });

  it("is written with the rank that most layers have, and the others in patterns", () => {
    const [few, most] = [
      { rank: 1, alpha: 3 },
      { rank: 4, alpha: 8 },
    ];
    const layers = new Map([
      ["transformer.h.0.attn.c_attn", few],
      ["transformer.h.0.mlp.c_fc", most],
      ["transformer.h.1.mlp.c_fc", most],
    ]);
    expect(makePeftConfig(layers, [...layers.keys()], undefined)).toMatchObject({
      r: 4,
      lora_alpha: 8,
      target_modules: ["attn.c_attn", "mlp.c_fc"],
      rank_pattern: { "attn.c_attn": 1 },
      alpha_pattern: { "attn.c_attn": 3 },
    });
  });

  it("is not written where there is none", async () => {
    useAdapter(model, undefined);
    await expect(savePeftAdapter(scratch, model)).rejects.toThrow("no LoRA layers");
  });

  it("is not written of a layer that transformers' GPT-2 has not", async () => {
    const other = new Sequential(new Linear(2, 2));
    injectLora(other, { rank: 1, alpha: 1 });
    await expect(savePeftAdapter(scratch, other)).rejects.toThrow("has no layer for 0; choose");
  });

  it("is not merged into a head that is the token embedding", async () => {
    injectLora(model, { rank: 2, alpha: 2, match: /outHead/ });
    expect(() => mergeLora(model)).toThrow("outHead shares its weight");
    useAdapter(model, undefined);
  });
});

describe("bad adapters", () => {
  async function changed(change: (config: Record<string, unknown>) => void): Promise<string> {
    const folder = await mkdtemp(join(scratch, "bad-"));
    await cp(join(fixtures, "lora/whole"), folder, { recursive: true });
    const settings = await config(folder);
    change(settings);
    await writeFile(join(folder, "adapter_config.json"), JSON.stringify(settings));
    return folder;
  }

  it.each([
    [{ peft_type: "LOHA" }, 'peft_type "LOHA"'],
    [{ use_dora: true }, "use_dora true"],
    [{ bias: "all" }, 'bias "all"'],
    [{ r: 0 }, "r 0"],
    [{ r: 5 }, "rank 5 asks for A [5, in]"],
    [{ rank_pattern: { "h.[0-9].attn": 2 } }, "h.[0-9].attn"],
  ])("%j is named", async (settings, message) => {
    const folder = await changed((config) => Object.assign(config, settings));
    await expect(loadPeftAdapter(folder, model)).rejects.toThrow(message);
  });

  it("a folder without a configuration, and a model of another width", async () => {
    await expect(loadPeftAdapter(join(fixtures, "lora"), model)).rejects.toThrow("adapter_config.json");
    const { model: other } = await loadModelFolder(join(fixtures, "gpt2-weights/hf"));
    const folder = await changed(() => undefined);
    const { wQuery } = other.trfBlocks[0]!.att;
    Object.assign(wQuery, { weight: tf.variable(tf.zeros([16, 8])) });
    await expect(loadPeftAdapter(folder, other)).rejects.toThrow("wQuery maps 16 → 16, the model maps 8 → 16");
  });
});
