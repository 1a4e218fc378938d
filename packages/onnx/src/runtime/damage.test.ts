import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { useTestBackend } from "@test/backend.ts";
import { GPT_CONFIG_TINY, GPTModel } from "@scratch-llm/gpt";
import { Generator } from "@scratch-llm/nn";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportOnnx, OnnxError, type OnnxErrorCode } from "../index.ts";
import { openOnnxModel, saveOnnxFiles } from "../node.ts";
import { encodeModel } from "../proto/encode.ts";

const CONFIG = { ...GPT_CONFIG_TINY, vocabSize: 100, embDim: 32, nHeads: 2, nLayers: 2, contextLength: 64 };

let folder: string;
/** A decoder file whose weights lie beside it. */
let whole: Uint8Array;
let data: string;
beforeAll(async () => {
  await useTestBackend("cpu");
  folder = await mkdtemp(join(tmpdir(), "onnx-damage-"));
  const model = new GPTModel(CONFIG, { generator: new Generator(1) });
  const path = await saveOnnxFiles(folder, { model, quantization: "int8" });
  model.dispose();
  whole = await readFile(path);
  data = join(dirname(path), "model_int8.onnx_data");
});
afterAll(() => rm(folder, { recursive: true }));

/** What opening says; a model that opens is an error here. */
async function opening(bytes: Uint8Array): Promise<OnnxError> {
  const path = join(folder, "decoder_int8.onnx");
  await writeFile(path, bytes);
  return openOnnxModel(path).then(
    async (session) => {
      await session.dispose();
      throw new Error("It opens.");
    },
    (error: unknown) => error as OnnxError,
  );
}

function expectOneLine(error: unknown, ...codes: OnnxErrorCode[]): void {
  expect(error).toBeInstanceOf(OnnxError);
  expect(codes).toContain((error as OnnxError).code);
  expect((error as OnnxError).message).toMatch(/^[^\n]{20,300}$/u);
}

describe("a decoder file", () => {
  it("that lost its end is damaged, wherever it ends", async () => {
    for (let i = 0; i < 60; i++) {
      const end = Math.floor((whole.length * i) / 60);
      expectOneLine(await opening(whole.slice(0, end)), "MODEL_INVALID");
    }
    expectOneLine(await opening(whole.slice(0, -1)), "MODEL_INVALID");
  });

  it("with a bit that flipped is damaged, wherever it is", async () => {
    const random = new Generator(2);
    const places = random.uniform(200, 0, whole.length);
    const bits = random.uniform(200, 0, 8);
    for (const [i, place] of places.entries()) {
      const flipped = Uint8Array.from(whole);
      flipped[Math.floor(place)]! ^= 1 << Math.floor(bits[i]!);
      expectOneLine(await opening(flipped), "MODEL_INVALID", "MODEL_FOREIGN");
    }
  });

  it("of random bytes is damaged", async () => {
    const random = new Generator(3);
    for (let i = 0; i < 50; i++) {
      expectOneLine(await opening(Uint8Array.from(random.uniform(20 * i, 0, 256))), "MODEL_INVALID");
    }
    expectOneLine(await opening(new TextEncoder().encode("<html>Not found</html>")), "MODEL_INVALID");
  });

  it("of others, or of the form for others, is told apart", async () => {
    const node = { op: "Identity", domain: "", inputs: ["x"], outputs: ["y"], attributes: {} };
    const foreign = encodeModel({
      opsets: { "": 20 },
      metadata: { author: "others" },
      nodes: [node],
      initializers: [],
      inputs: [{ name: "x", type: "float32", shape: [1] }],
      outputs: [{ name: "y", type: "float32", shape: [1] }],
    });
    expectOneLine(await opening(foreign), "MODEL_FOREIGN");
    const standard = await opening(await readFile(join(folder, "model_int8.onnx")));
    expectOneLine(standard, "MODEL_FOREIGN");
    expect(standard.message).toContain("decoder");
  });
});

describe("the file of weights", () => {
  it("that is missing, or has another size, is named", async () => {
    const bytes = await readFile(data);
    await rm(data);
    expectOneLine(await opening(whole), "DATA_MISSING");
    for (const changed of [bytes.subarray(1), Buffer.concat([bytes, bytes.subarray(0, 1)]), Buffer.alloc(0)]) {
      await writeFile(data, changed);
      const error = await opening(whole);
      expectOneLine(error, "DATA_MISSING");
      expect(error.message).toContain(`${changed.length} bytes instead of ${bytes.length}`);
    }
    await writeFile(data, bytes);
    await expect(opening(whole)).rejects.toThrow("It opens.");
  });

  it("that does not fit into memory is not read", async () => {
    const config = {
      ...GPT_CONFIG_TINY,
      vocabSize: 50_257,
      contextLength: 2048,
      embDim: 12_288,
      nHeads: 96,
      nLayers: 96,
    };
    const { decoder, dataName, dataBytes } = exportOnnx({ model: { config, namedParameters: () => new Map() } }); // GPT-3's size
    await writeFile(join(folder, dataName), "");
    await truncate(join(folder, dataName), dataBytes); // takes no space on the disk
    const error = await opening(decoder);
    expectOneLine(error, "MEMORY");
    expect(error.message).toContain("GB");
  });
});

it("a path where nothing is, or no model, is named", async () => {
  const nothing = await openOnnxModel(join(folder, "nowhere")).catch((error: unknown) => error);
  expectOneLine(nothing, "READ_FAILED");
  const other = await openOnnxModel(data).catch((error: unknown) => error);
  expectOneLine(other, "READ_FAILED");
});
