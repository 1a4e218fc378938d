// The session of a page, on onnxruntime-web's WASM in Node; the playground's tests run it in Chromium.
import { useTestBackend } from "@test/backend.ts";
import { type Decoder, generate, GPT_CONFIG_TINY, GPTModel, ModelDecoder } from "@scratch-llm/gpt";
import { Generator } from "@scratch-llm/nn";
import { beforeAll, expect, it } from "vitest";
import { exportOnnx, OnnxDecoder, type OnnxError, type OnnxFiles, openOnnxModel, type Quantization } from "../index.ts";

const CONFIG = { ...GPT_CONFIG_TINY, contextLength: 128, vocabSize: 300, embDim: 64, nHeads: 4, qkvBias: true };
const PROMPTS = [3, 40, 17].map((length, row) => Int32Array.from({ length }, (_, i) => (37 * i + 11 * row) % 300));

let model: GPTModel;
beforeAll(async () => {
  await useTestBackend("wasm");
  model = new GPTModel(CONFIG, { generator: new Generator(1) }).eval();
});

async function filesOf(quantization: Quantization): Promise<OnnxFiles> {
  const { decoder, dataName, data } = exportOnnx({ model, quantization });
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const part of data()) parts.push(part.slice());
  const bytes = await new Blob(parts).bytes();
  return { decoder, data: async (name) => (name === dataName ? bytes : undefined) };
}

async function greedy(decoder: Decoder, prompts: readonly Int32Array[]): Promise<number[][]> {
  const ids: number[][] = prompts.map(() => []);
  for await (const { row, id } of generate(decoder, prompts, { maxNewTokens: 60 })) ids[row]!.push(id);
  return ids;
}

it("writes TensorFlow.js's tokens in 32-bit floats, alone, in a ragged batch, and with the prompts read in chunks", async () => {
  const expected = await greedy(new ModelDecoder(model), PROMPTS);
  const session = await openOnnxModel(await filesOf("none"), { threads: 1 });
  expect(await greedy(new OnnxDecoder(session), PROMPTS)).toEqual(expected);
  expect(await greedy(new OnnxDecoder(session, { chunkSize: 7 }), PROMPTS)).toEqual(expected);
  for (const [i, prompt] of PROMPTS.entries()) {
    expect(await greedy(new OnnxDecoder(session), [prompt])).toEqual([expected[i]]);
  }
  await session.dispose();
});

it.each([
  ["f16", 1e-3],
  ["int8", 0.02],
  ["int4", 0.15],
  ["dynamic", 0.03],
] as const)("gives the model's logits in %s, with a relative error below %d", async (quantization, bound) => {
  const [expected] = await new ModelDecoder(model).prefill([PROMPTS[1]!]);
  const session = await openOnnxModel(await filesOf(quantization), { threads: 1 });
  const [actual] = await new OnnxDecoder(session).prefill([PROMPTS[1]!]);
  await session.dispose();
  const error = Math.hypot(...actual!.map((logit, i) => logit - expected![i]!)) / Math.hypot(...expected!);
  expect(error).toBeLessThan(bound);
  expect(error).toBeGreaterThan(0);
});

it("says in one line what is wrong with the files", async () => {
  const { decoder, data } = await filesOf("none");
  const bytes = (await data("model.onnx_data"))!;
  const config = { ...CONFIG, embDim: 12_288, nLayers: 96 };
  const large = exportOnnx({ model: { config, namedParameters: () => new Map() } }).decoder;
  const cases: readonly [OnnxFiles, object][] = [
    [{ decoder: decoder.slice(0, -9), data }, { code: "MODEL_INVALID" }],
    [
      { decoder, data: async () => undefined },
      { code: "DATA_MISSING", message: expect.stringMatching(/^model\.onnx_data is missing/u) },
    ],
    [
      { decoder, data: async () => bytes.slice(1) },
      { code: "DATA_MISSING", message: expect.stringContaining("bytes instead of") },
    ],
    [{ decoder: large, data: () => Promise.reject(new Error("was read")) }, { code: "MEMORY" }],
  ];
  for (const [files, expected] of cases) {
    const error = await openOnnxModel(files).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "OnnxError", ...expected });
    expect((error as OnnxError).message).not.toContain("\n");
  }
});
