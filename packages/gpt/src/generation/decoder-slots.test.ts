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
    const first = await slots.admit(ROWS[0]!);
    const second = await slots.admit(ROWS[1]!);
    expect(first.logits).toEqual(expected[0]![0]);
    expect(second.logits).toEqual(expected[1]![0]);
    const token = (row: number, step: number): number => best(expected[row]![step]!);
    const both = await slots.step([
      { slot: second.slot, id: token(1, 0) },
      { slot: first.slot, id: token(0, 0) },
    ]);
    expect(both).toEqual([expected[1]![1], expected[0]![1]]);
    slots.release(first.slot);
    const third = await slots.admit(ROWS[2]!); // joins while the second is under way
    expect(third.logits).toEqual(expected[2]![0]);
    for (let step = 1; step < 5; step++) {
      const [older, newer] = await slots.step([
        { slot: second.slot, id: token(1, step) },
        { slot: third.slot, id: token(2, step - 1) },
      ]);
      expect(older).toEqual(expected[1]![step + 1]);
      expect(newer).toEqual(expected[2]![step]);
    }
    slots.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("refuses a row too many, a slot without a row, and keeps no slot for a prompt that fails", async () => {
    const slots = new DecoderSlots({ create, maxSlots: 1 });
    await expect(slots.admit(Int32Array.of(1e6))).rejects.toThrow("not in the model's vocabulary");
    await expect(slots.step([{ slot: 0, id: 1 }])).rejects.toThrow("Slot 0 holds no row");
    await slots.admit(ROWS[0]!);
    await expect(slots.admit(ROWS[1]!)).rejects.toMatchObject({ code: "SLOT" });
    slots.dispose();
  });
});
