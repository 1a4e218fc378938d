import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { useTestBackend } from "@test/backend.ts";
import { GPT_CONFIG_TINY, GPTModel, ModelDecoder } from "@scratch-llm/gpt";
import { Generator } from "@scratch-llm/nn";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OnnxDecoder, type Quantization, type TensorError } from "../index.ts";
import { openOnnxModel, saveOnnxFiles } from "../node.ts";
import { fileNames } from "./onnx-model.ts";

/** Widths that are no multiple of a block, too; and a head that shares the embedding. */
const CONFIGS = {
  plain: { ...GPT_CONFIG_TINY, vocabSize: 300, embDim: 64, nHeads: 4, qkvBias: false },
  tied: { ...GPT_CONFIG_TINY, vocabSize: 300, embDim: 80, nHeads: 5, qkvBias: true, tieWeights: true },
} as const;
const PROMPTS = [9, 20].map((length, row) => Int32Array.from({ length }, (_, i) => (37 * i + 11 * row) % 300));

/** What may be lost, as the root mean square of an error over that of what is right; on random weights. */
interface Bounds {
  readonly tensor: number;
  readonly logits: number;
  /** Of the file, to that of 32-bit floats. */
  readonly size: number;
}
const BOUNDS: Readonly<Record<Quantization, Bounds>> = {
  none: { tensor: 0, logits: 1e-6, size: 1 },
  f16: { tensor: 3e-4, logits: 1e-3, size: 0.6 },
  int8: { tensor: 0.01, logits: 0.02, size: 0.5 },
  int4: { tensor: 0.1, logits: 0.15, size: 0.35 },
  dynamic: { tensor: 0.02, logits: 0.03, size: 0.45 },
};

let folder: string;
beforeAll(async () => {
  await useTestBackend("cpu");
  folder = await mkdtemp(join(tmpdir(), "onnx-forms-"));
});
afterAll(() => rm(folder, { recursive: true }));

function makeModel(config: (typeof CONFIGS)[keyof typeof CONFIGS]): GPTModel {
  const generator = new Generator(1);
  const model = new GPTModel(config, { generator }).eval();
  for (const parameter of model.parameters()) {
    if (parameter.rank === 1) parameter.assign(parameter.add(generator.uniform(parameter.size, -0.3, 0.3)));
  }
  return model;
}

const norm = (values: ArrayLike<number>): number => Math.hypot(...Array.from(values));
function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  return norm(Array.from(actual, (value, i) => value - expected[i]!)) / norm(expected);
}

/** The logits after each row's last token, of the form that other tools know; rows are padded on the left. */
async function runStandard(
  path: string,
  { nHeads, embDim, nLayers, vocabSize }: GPTModel["config"],
): Promise<Float32Array[]> {
  const session = await InferenceSession.create(path, { intraOpNumThreads: 1 });
  const [b, s] = [PROMPTS.length, Math.max(...PROMPTS.map(({ length }) => length))];
  const grid = (cell: (row: Int32Array, place: number) => number): BigInt64Array =>
    BigInt64Array.from(
      PROMPTS.flatMap((row) => Array.from({ length: s }, (_, i) => BigInt(cell(row, i - s + row.length)))),
    );
  const ids = grid((row, place) => row[place] ?? 0);
  const positions = grid((_, place) => Math.max(place, 0));
  const mask = grid((_, place) => Number(place >= 0));
  let cache = Object.fromEntries(
    Array.from({ length: nLayers }, (_, layer) => ["key", "value"].map((kind) => `${layer}.${kind}`))
      .flat()
      .map((name) => [name, new Tensor("float32", new Float32Array(0), [b, nHeads, 0, embDim / nHeads])]),
  );
  let logits = new Float32Array(0);
  let width = 0;
  // In two parts: the second sees the keys and values of the first.
  for (const [start, end] of [
    [0, 7],
    [7, s],
  ] as const) {
    const part = (values: BigInt64Array, from: number): Tensor => {
      const rows = PROMPTS.flatMap((_, i) => [...values.subarray(i * s + from, i * s + end)]);
      return new Tensor("int64", BigInt64Array.from(rows), [b, end - from]);
    };
    const past = Object.fromEntries(Object.entries(cache).map(([name, value]) => [`past_key_values.${name}`, value]));
    const results = await session.run({
      input_ids: part(ids, start),
      position_ids: part(positions, start),
      attention_mask: part(mask, 0),
      ...past,
    });
    cache = Object.fromEntries(
      Object.keys(cache).map((name) => [name, results[`present.${name}`] as (typeof cache)[string]]),
    );
    logits = results["logits"]!.data as Float32Array<ArrayBuffer>;
    width = end - start;
  }
  await session.release();
  return PROMPTS.map((_, i) => logits.slice(((i + 1) * width - 1) * vocabSize, (i + 1) * width * vocabSize));
}

describe.each(["plain", "tied"] as const)("both forms of a model, %s", (kind) => {
  let model: GPTModel;
  let expected: Float32Array[];
  beforeAll(async () => {
    model = makeModel(CONFIGS[kind]);
    expected = await new ModelDecoder(model).prefill(PROMPTS);
  });
  afterAll(() => model.dispose());

  it.each(Object.keys(BOUNDS) as Quantization[])("%s: both give the model's logits", async (quantization) => {
    const errors: TensorError[] = [];
    const onTensor = (error: TensorError): unknown => errors.push(error);
    const decoder = await saveOnnxFiles(join(folder, kind), { model, quantization, onTensor });
    const session = await openOnnxModel(decoder, { threads: 1 });
    const fast = await new OnnxDecoder(session).prefill(PROMPTS);
    await session.dispose();
    const standard = await runStandard(join(folder, kind, fileNames(quantization).standard), model.config);
    const bound = BOUNDS[quantization];
    for (const [i, logits] of expected.entries()) {
      expect(relativeError(fast[i]!, logits)).toBeLessThan(bound.logits);
      expect(relativeError(standard[i]!, logits)).toBeLessThan(bound.logits);
      // Dynamic scales depend on what is read together.
      expect(relativeError(standard[i]!, fast[i]!)).toBeLessThan(quantization === "dynamic" ? bound.logits : 1e-5);
    }
    const ends = quantization === "f16" && kind === "tied" ? 1 : 2; // embedding and head
    expect(errors).toHaveLength(quantization === "none" ? 0 : ends + 4 * model.config.nLayers);
    for (const { name, relativeError: error } of errors) {
      expect(error, name).toBeGreaterThan(0);
      expect(error, name).toBeLessThan(bound.tensor);
    }
    expect(await dataSize(kind, quantization)).toBeLessThanOrEqual(bound.size * (await dataSize(kind, "none")));
  });
});

async function dataSize(kind: string, quantization: Quantization): Promise<number> {
  return (await stat(join(folder, kind, fileNames(quantization).data))).size;
}
