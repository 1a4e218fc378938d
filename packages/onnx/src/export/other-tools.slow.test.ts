// Others read what we write. SCRATCH_LLM_PYTHON names a Python that has onnx and onnxruntime.
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { useTestBackend } from "@test/backend.ts";
import { AutoModelForCausalLM, AutoTokenizer, env, pipeline } from "@huggingface/transformers";
import { type Decoder, generate, GPTModel, ModelDecoder } from "@scratch-llm/gpt";
import { Generator } from "@scratch-llm/nn";
import { trainBPE } from "@scratch-llm/tokenizer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OnnxDecoder, type Quantization } from "../index.ts";
import { openOnnxModel, saveOnnxFolder } from "../node.ts";
import { fileNames } from "./onnx-model.ts";

const python = process.env["SCRATCH_LLM_PYTHON"] ?? "";
const script = fileURLToPath(new URL("../../../../fixtures/onnx/run_standard.py", import.meta.url));
const TEXT = "a small text, 你好";
const STEPS = 40;
/** Where activations are not rounded, everybody finds the same ids. */
const EXACT: readonly Quantization[] = ["none", "f16"];
const ROUNDED: readonly Quantization[] = ["int8", "int4", "dynamic"];
const tokenizer = trainBPE(["a small text, a small model, 你好"], { vocabSize: 270 });
const ids = Int32Array.from(tokenizer.encode(TEXT));

let folder: string;
const folderOf = (kind: Quantization): string => join(folder, kind);
/** What TensorFlow.js writes. */
let expected: number[];

async function write(decoder: Decoder): Promise<number[]> {
  const found: number[] = [];
  for await (const { id } of generate(decoder, ids, { maxNewTokens: STEPS })) found.push(id);
  return found;
}

beforeAll(async () => {
  await useTestBackend("cpu");
  folder = await mkdtemp(join(tmpdir(), "onnx-tools-"));
  const config = { vocabSize: tokenizer.vocabSize, contextLength: 128, embDim: 64, nHeads: 4, nLayers: 2, dropRate: 0 };
  const model = new GPTModel({ ...config, qkvBias: true }, { generator: new Generator(11) }).eval();
  expected = await write(new ModelDecoder(model));
  for (const quantization of [...EXACT, ...ROUNDED]) {
    await saveOnnxFolder(folderOf(quantization), { model, tokenizer, quantization });
  }
});
afterAll(() => rm(folder, { recursive: true }));

it.each(EXACT)("ours: the ids of TensorFlow.js with %s, and no two alike", async (kind) => {
  const session = await openOnnxModel(folderOf(kind));
  expect(await write(new OnnxDecoder(session))).toEqual(expected);
  expect(new Set(expected).size).toBeGreaterThan(20);
  await session.dispose();
});

describe("transformers.js", () => {
  beforeAll(() => {
    env.allowRemoteModels = false;
  });

  async function theirIds(kind: Quantization): Promise<number[]> {
    const theirs = await AutoTokenizer.from_pretrained(folderOf(kind));
    const model = await AutoModelForCausalLM.from_pretrained(folderOf(kind));
    const inputs = theirs(TEXT) as object;
    const output = await model.generate({ ...inputs, max_new_tokens: STEPS } as never);
    await model.dispose();
    return (output as unknown as { tolist(): bigint[][] }).tolist()[0]!.map(Number);
  }

  it.each(EXACT)("opens a folder with %s, and writes the same ids", async (kind) => {
    expect(await theirIds(kind)).toEqual([...ids, ...expected]);
  });

  it.each(ROUNDED)("opens a folder with %s, and writes", async (kind) => {
    const found = await theirIds(kind);
    expect(found.slice(0, ids.length)).toEqual([...ids]);
    expect(found.length).toBeGreaterThan(ids.length);
  });

  it("runs the example of the card", async () => {
    const writer = await pipeline("text-generation", folderOf("none"));
    const [answer] = (await writer(TEXT, { max_new_tokens: 20 })) as { generated_text: string }[];
    await writer.dispose();
    expect(answer!.generated_text).toBe(TEXT + tokenizer.decode(expected.slice(0, 20)));
  });
});

describe.skipIf(python === "")("onnx and onnxruntime in Python", () => {
  it("find nothing wrong with either form of any encoding, and write the same ids", () => {
    const kinds = [...EXACT, ...ROUNDED];
    const pathsOf = (form: "decoder" | "standard"): string[] =>
      kinds.map((kind) => join(folderOf(kind), "onnx", fileNames(kind)[form]));
    const [standard, decoders] = [pathsOf("standard"), pathsOf("decoder")];
    const settings = [join(folderOf("none"), "config.json"), JSON.stringify([...ids]), String(STEPS)];
    const output = execFileSync(python, [script, ...settings, ...standard, ...decoders], { encoding: "utf8" });
    const theirs = JSON.parse(output) as Record<string, number[] | null>;
    expect(Object.keys(theirs)).toEqual([...standard, ...decoders]);
    for (const path of standard) expect(theirs[path], path).toHaveLength(STEPS);
    for (const path of standard.slice(0, EXACT.length)) expect(theirs[path], path).toEqual(expected);
  });
});
