import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeSafetensors } from "@scratch-llm/safetensors/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { detectFormat, loadModelFolder } from "../node.ts";

const fixtures = fileURLToPath(new URL("../../../../fixtures/gpt2-weights", import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "detect-"));
});
afterAll(() => rm(folder, { recursive: true }));

it.each([
  ["hf", "hf", "model.safetensors"],
  ["hf/model.safetensors", "hf", "model.safetensors"],
  ["hf-sharded", "hf", "model.safetensors.index.json"],
  ["hf-old", "hf", "model.safetensors"],
  ["book", "book", "model.safetensors"],
  ["openai", "openai", "model.ckpt.index"],
  ["openai/model.ckpt.index", "openai", "model.ckpt.index"],
  ["openai/model.ckpt", "openai", "model.ckpt.index"],
])("%s is %s", async (path, format, weights) => {
  const found = join(fixtures, path.split("/")[0]!);
  expect(await detectFormat(join(fixtures, path))).toEqual({ format, folder: found, weights: join(found, weights) });
});

describe("says what can be done about", () => {
  it.each([
    ["model.pth", /pickle.*safetensors/],
    ["pytorch_model.bin", /pickle.*safetensors/],
    ["model.gguf", /GGUF/],
    ["tf_model.h5", /take the safetensors/],
    ["notes.txt", /no file of weights/],
  ])("%s", async (name, message) => {
    const path = join(folder, name);
    await writeFile(path, "x");
    await expect(detectFormat(path)).rejects.toMatchObject({ code: "FORMAT_UNKNOWN", message });
    await rm(path);
  });

  it("a path that is not there, an empty folder, a folder of pickles", async () => {
    await expect(detectFormat(join(folder, "none"))).rejects.toMatchObject({ code: "READ_FAILED" });
    await expect(detectFormat(folder)).rejects.toThrow(/has none of model.safetensors/);
    await mkdir(join(folder, "pickles"));
    await writeFile(join(folder, "pickles", "pytorch_model.bin"), "x");
    await expect(detectFormat(join(folder, "pickles"))).rejects.toThrow(/pickle/);
  });

  it("safetensors of another model", async () => {
    const path = join(folder, "other.safetensors");
    const name = "model.embed_tokens.weight";
    await writeSafetensors(path, [{ name, dtype: "U8", shape: [1], data: () => new Uint8Array(1) }]);
    await expect(detectFormat(path)).rejects.toThrow(/no GPT-2's token embedding.*model.embed_tokens.weight/);
  });

  it("weights without a configuration or a tokenizer", async () => {
    const weights = { name: "wte.weight", dtype: "U8", shape: [3, 1], data: () => new Uint8Array(3) } as const;
    await mkdir(join(folder, "bare"));
    await writeSafetensors(join(folder, "bare", "model.safetensors"), [weights]);
    await expect(loadModelFolder(join(folder, "bare"))).rejects.toThrow(/config.json \(ENOENT\)/);
    const config = { model_type: "gpt2", vocab_size: 3, n_positions: 1, n_embd: 1, n_head: 1, n_layer: 1 };
    await writeFile(join(folder, "bare", "config.json"), JSON.stringify(config));
    await expect(loadModelFolder(join(folder, "bare"))).rejects.toMatchObject({ code: "TOKENIZER_MISSING" });
    await writeFile(join(folder, "bare", "config.json"), "{");
    await expect(loadModelFolder(join(folder, "bare"))).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });
});
