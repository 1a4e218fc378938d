import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Generator, TorchDropout, useDropout } from "@scratch-llm/nn";
import { gpt2Tokenizer } from "@scratch-llm/tokenizer";
import { useTestBackend } from "@test/backend.ts";
import { expectClose, FOUR_DECIMALS } from "@test/expect-close.ts";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toBookName } from "./book-names.ts";
import { GPT_CONFIG_124M } from "./config.ts";
import { generateTextSimple } from "./generate-text-simple.ts";
import { GPTModel } from "./gpt-model.ts";

const PROMPT = [15496, 11, 314, 716]; // Hello, I am
const BOOK_IDS = [...PROMPT, 27018, 24086, 47843, 30961, 42348, 7267, 49706, 43231, 47062, 34657];

/** "Every effort moves you" and "Every day holds a". */
const BATCH = [6109, 3626, 6100, 345, 6109, 1110, 6622, 257];

const ready = await useTestBackend("native");

describe.skipIf(!ready)("the book's 124M model with seed 123 (on native TensorFlow)", () => {
  let generator: Generator;
  let model: GPTModel;
  beforeAll(() => {
    generator = new Generator(123);
    model = new GPTModel(GPT_CONFIG_124M, { generator });
  });
  afterAll(() => model.dispose());

  it("begins with PyTorch's weights: 161 of 161 parameters equal, to the bit", async () => {
    const file = new URL("../../../fixtures/gpt/initial-weights.json", import.meta.url);
    const { sha256 } = JSON.parse(await readFile(file, "utf8")) as { sha256: Record<string, string> };
    const ours: Record<string, string> = {};
    for (const [name, parameter] of model.namedParameters()) {
      const values = (await parameter.data()) as Float32Array;
      ours[toBookName(name)] = createHash("sha256").update(new Uint8Array(values.buffer)).digest("hex");
    }
    expect(Object.keys(ours)).toHaveLength(161);
    expect(ours).toEqual(sha256);
  });

  it("gives section 4.6's logits, dropout and all", () => {
    useDropout(model, new TorchDropout(generator));
    const logits = tf.tidy(() => model.forward(tf.tensor2d(BATCH, [2, 4], "int32")).reshape([8, 50_257]));
    const values = logits.dataSync();
    const row = (i: number): Float32Array => values.slice(i * 50_257, (i + 1) * 50_257) as Float32Array;
    expectClose(row(0).slice(0, 3), [0.3613, 0.4222, -0.0711], FOUR_DECIMALS);
    expectClose(row(0).slice(-3), [0.3483, 0.4661, -0.2838], FOUR_DECIMALS);
    expectClose(row(7).slice(0, 3), [-0.1565, 0.3926, 0.3288], FOUR_DECIMALS);
    expectClose(row(7).slice(-3), [1.263, -0.1858, 0.0388], FOUR_DECIMALS);
    logits.dispose();
  });

  it.each([true, false])("continues as section 4.7 does, with useCache %s", async (useCache) => {
    model.eval();
    const ids = Int32Array.from(PROMPT);
    const output = generateTextSimple({ model, ids, maxNewTokens: 10, contextSize: 1024, useCache });
    const values = (await output.data()) as Int32Array;
    output.dispose();
    expect([...values]).toEqual(BOOK_IDS);
    const tokenizer = await gpt2Tokenizer();
    expect(tokenizer.decode(values)).toBe(
      "Hello, I am Featureiman Byeswickattribute argue logger Normandy Compton analogous",
    );
  });
});
