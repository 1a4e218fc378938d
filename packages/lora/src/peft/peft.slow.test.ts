// Ours → PEFT → ours. SCRATCH_LLM_PYTHON names a Python that has torch, transformers and peft.
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Generator } from "@scratch-llm/nn";
import { loadModelFolder } from "@scratch-llm/weights-loader/node";
import { expectClose } from "@test/expect-close.ts";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, it } from "vitest";
import { injectLora, useAdapter } from "../adapter.ts";
import { loadPeftAdapter, savePeftAdapter } from "../node.ts";

const python = process.env["SCRATCH_LLM_PYTHON"] ?? "";
const fixtures = fileURLToPath(new URL("../../../../fixtures", import.meta.url));
const base = join(fixtures, "gpt2-weights/hf-untied");
const ids = [277, 296, 292, 279, 4, 17];

let scratch: string;
beforeAll(async () => {
  await tf.setBackend("cpu");
  scratch = await mkdtemp(join(tmpdir(), "peft-"));
});
afterAll(() => rm(scratch, { recursive: true }));

describe.skipIf(python === "")("through PEFT", () => {
  it.each([
    ["every layer", undefined],
    ["queries and values", /wQuery|wValue/],
    ["one block and the head", /^trfBlocks\.1\.|outHead/],
  ])("%s: the same logits there, merged and not, and back here", async (name, match) => {
    const { model } = await loadModelFolder(base);
    const generator = new Generator(5);
    const adapter = injectLora(model, { rank: 4, alpha: 6, ...(match && { match }), generator });
    for (const { B } of adapter.values()) B.assign(tf.tensor(generator.normal(B.size, 0, 0.1), B.shape));
    const logits = (): Float32Array =>
      tf.tidy(() => model.forward(tf.tensor2d([ids], undefined, "int32"), { lastOnly: true }).dataSync<"float32">());
    const [ours, theirs] = [join(scratch, name), join(scratch, `${name} again`)];
    await savePeftAdapter(ours, model, { baseModel: base });
    const script = join(fixtures, "lora/through_peft.py");
    const printed = execFileSync(python, [script, base, ours, JSON.stringify(ids), theirs], { encoding: "utf8" });
    const seen = JSON.parse(printed.trim().split("\n").at(-1)!) as { beside: number[]; merged: number[] };
    const before = logits();
    const absolute = 1e-6 * Math.max(...before.map(Math.abs));
    expectClose(before, seen.beside, { absolute });
    expectClose(before, seen.merged, { absolute });
    useAdapter(model, await loadPeftAdapter(theirs, model));
    expectClose(logits(), before, { absolute: 1e-5 });
  });
});
