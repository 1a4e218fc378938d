import { useTestBackend } from "@test/backend.ts";
import { Generator } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { GPT_CONFIG_TINY } from "../config.ts";
import { GPTModel } from "../gpt-model.ts";
import { DecoderSlots } from "./decoder-slots.ts";
import { ModelDecoder } from "./model-decoder.ts";
import { topIndices } from "./top-indices.ts";

const ROWS = [[1, 2, 3, 4, 5], [7], [9, 8, 7]].map((ids) => Int32Array.from(ids));

describe("DecoderSlots", () => {
  let model: GPTModel;
  const create = (): ModelDecoder => new ModelDecoder(model);

  beforeAll(async () => {
    await useTestBackend("cpu");
    model = new GPTModel(GPT_CONFIG_TINY, { generator: new Generator(1) }).eval();
  });

  const best = (logits: Float32Array): number => topIndices(logits, 1)[0] as number;

  async function alone(ids: Int32Array, length: number): Promise<Float32Array[]> {
    const decoder = create();
    const all: Float32Array[] = [];
    let [logits] = (await decoder.prefill([ids])) as [Float32Array];
    for (let i = 0; i < length; i++) {
      all.push(logits);
      [logits] = (await decoder.step(Int32Array.of(best(logits)))) as [Float32Array];
    }
    decoder.dispose();
    return all;
  }

  it("gives rows that come and go the logits that they have alone, and leaks no tensor", async () => {
    const before = tf.memory().numTensors;
    const expected = await Promise.all(ROWS.map((ids) => alone(ids, 6)));
    const slots = new DecoderSlots({ create, maxSlots: 2 });
    const token = (row: number, step: number): number[] => [best(expected[row]![step]!)];
    await slots.step([{ slot: 0, ids: ROWS[0]!.slice(0, 2) }]); // a prompt in two parts
    const [first] = await slots.step([{ slot: 0, ids: ROWS[0]!.slice(2) }]);
    const [second] = await slots.step([{ slot: 1, ids: ROWS[1]! }]);
    expect([first, second]).toEqual([expected[0]![0], expected[1]![0]]);
    const both = await slots.step([
      { slot: 1, ids: token(1, 0) },
      { slot: 0, ids: token(0, 0) },
    ]);
    expect(both).toEqual([expected[1]![1], expected[0]![1]]);
    slots.release(0);
    for (let step = 1; step < 5; step++) {
      const [older, newer] = await slots.step([
        { slot: 1, ids: token(1, step) },
        { slot: 0, ids: step === 1 ? ROWS[2]! : token(2, step - 2) }, // joins while the other is under way
      ]);
      expect(older).toEqual(expected[1]![step + 1]);
      expect(newer).toEqual(expected[2]![step - 1]);
    }
    slots.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("refuses a slot that is not there, and begins no row with a prompt that fails", async () => {
    let disposed = 0;
    const counted = (): ModelDecoder => {
      const decoder = create();
      const dispose = decoder.dispose.bind(decoder);
      return Object.assign(decoder, { dispose: () => ((disposed += 1), dispose()) });
    };
    const slots = new DecoderSlots({ create: counted, maxSlots: 1 });
    disposed = 0; // the one that told the sizes
    await expect(slots.step([{ slot: 0, ids: [1e6] }])).rejects.toThrow("not in the model's vocabulary");
    expect(disposed).toBe(1);
    await expect(slots.step([{ slot: 1, ids: [1] }])).rejects.toMatchObject({ code: "SLOT" });
    const [logits] = await slots.step([{ slot: 0, ids: ROWS[0]! }]);
    expect(logits).toEqual((await alone(ROWS[0]!, 1))[0]);
    slots.dispose();
  });
});
