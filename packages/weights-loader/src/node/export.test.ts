// GGUF as Hugging Face's reader sees it.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gguf } from "@huggingface/gguf";
import { toFloat32 } from "@scratch-llm/safetensors";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { exportModel, loadModelFolder, type LoadedModel } from "../node.ts";

const fixtures = fileURLToPath(new URL("../../../../fixtures/gpt2-weights", import.meta.url));
let folder: string;
let loaded: LoadedModel;
beforeAll(async () => {
  await tf.setBackend("cpu");
  folder = await mkdtemp(join(tmpdir(), "export-"));
  loaded = await loadModelFolder(join(fixtures, "hf-untied"));
});
afterAll(async () => {
  loaded.model.dispose();
  await rm(folder, { recursive: true });
});

it("GGUF: metadata, names, shapes and numbers", async () => {
  const path = await exportModel(join(folder, "out"), { ...loaded, format: "gguf" });
  expect(path).toBe(join(folder, "out", "model.gguf"));
  const { metadata, tensorInfos, tensorDataOffset } = await gguf(path, { allowLocalFile: true });
  expect(metadata).toMatchObject({
    version: 3,
    "general.architecture": "gpt2",
    "gpt2.block_count": 2,
    "gpt2.attention.head_count": 2,
    "gpt2.context_length": 64,
    "tokenizer.ggml.eos_token_id": 0,
  });
  const tokens = (metadata as Record<string, unknown>)["tokenizer.ggml.tokens"] as string[];
  expect(tokens).toHaveLength(300);
  expect(tokens[0]).toBe("<|endoftext|>");
  expect(tokens.indexOf("Ġt")).toBe(loaded.tokenizer.encode(" t")[0]);

  expect(tensorInfos).toHaveLength(2 + 2 * 12 + 2 + 1);
  const bytes = await readFile(path);
  const { model } = loaded;
  for (const [theirs, ours] of [
    ["blk.1.ffn_up.weight", "trfBlocks.1.ff.layers.0.weight"],
    ["output_norm.bias", "finalNorm.shift"],
    ["output.weight", "outHead.weight"],
  ] as const) {
    const info = tensorInfos.find(({ name }) => name === theirs)!;
    const variable = model.namedParameters().get(ours)!;
    const start = Number(tensorDataOffset) + Number(info.offset);
    expect(info.shape.map(Number)).toEqual(variable.shape.toReversed());
    expect(toFloat32(bytes.subarray(start, start + 4 * variable.size), "F32")).toEqual(await variable.data());
  }
});

it("GGUF in F16: matrices only, every tensor on a multiple of 32", async () => {
  const path = await exportModel(join(folder, "half.gguf"), { ...loaded, format: "gguf", dtype: "F16" });
  const { tensorInfos, tensorDataOffset } = await gguf(path, { allowLocalFile: true });
  for (const { name, dtype, offset, n_dims: rank } of tensorInfos) {
    expect(dtype).toBe(rank === 1 || name === "position_embd.weight" ? 0 : 1);
    expect((Number(tensorDataOffset) + Number(offset)) % 32).toBe(0);
  }
});
