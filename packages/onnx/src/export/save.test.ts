import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { useTestBackend } from "@test/backend.ts";
import { GPT_CONFIG_TINY, GPTModel } from "@scratch-llm/gpt";
import { Generator } from "@scratch-llm/nn";
import { trainBPE } from "@scratch-llm/tokenizer";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openOnnxModel, saveOnnxFolder } from "../node.ts";
import { fileNames } from "./onnx-model.ts";
import { QUANTIZATIONS } from "./quantization.ts";

const tokenizer = trainBPE(["a small text, a small model"], { vocabSize: 270 });
const CONFIG = { ...GPT_CONFIG_TINY, vocabSize: tokenizer.vocabSize, contextLength: 64, embDim: 32, nHeads: 2 };

let folder: string;
let model: GPTModel;
beforeAll(async () => {
  await useTestBackend("cpu");
  model = new GPTModel(CONFIG, { generator: new Generator(1) });
  folder = await mkdtemp(join(tmpdir(), "onnx-save-"));
});
afterAll(async () => {
  model.dispose();
  await rm(folder, { recursive: true });
});

it.each(QUANTIZATIONS)("a folder in %s is whole, and holds nothing of what was exported there before", async (kind) => {
  await saveOnnxFolder(folder, { model, tokenizer, quantization: kind });
  const names = fileNames(kind);
  expect((await readdir(join(folder, "onnx"))).toSorted()).toEqual(Object.values(names).toSorted());
  expect((await readdir(folder)).toSorted()).toEqual([
    "README.md",
    "config.json",
    "generation_config.json",
    "merges.txt",
    "onnx",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.json",
  ]);
  const card = await readFile(join(folder, "README.md"), "utf8");
  for (const name of Object.values(names)) expect(card).toContain(`onnx/${name}`);
  const session = await openOnnxModel(folder, { threads: 1 });
  expect(session.quantization).toBe(kind);
  await session.dispose();
});

it.skipIf(process.platform !== "linux")("a full disk is told, and leaves what was there before", async () => {
  await saveOnnxFolder(folder, { model, tokenizer });
  const data = join(folder, "onnx", fileNames("none").data);
  const before = await readFile(data);
  const limitFileSize = (bytes: string): Buffer =>
    execFileSync("prlimit", [`--pid=${process.pid}`, `--fsize=${bytes}:`]);
  const ignored = (): void => {};
  process.on("SIGXFSZ", ignored);
  limitFileSize("5000");
  const failed = await saveOnnxFolder(folder, { model, tokenizer }).catch((error: unknown) => error);
  limitFileSize("unlimited");
  process.off("SIGXFSZ", ignored);
  expect(failed).toMatchObject({ code: "WRITE_FAILED", message: `Cannot write ${data} (EFBIG); free some space.` });
  expect(await readFile(data)).toEqual(before);
  expect((await readdir(join(folder, "onnx"))).toSorted()).toEqual(Object.values(fileNames("none")).toSorted());
});
