import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { closeTo, useTestBackend } from "@test/backend.ts";
import { beamSearch, type Decoder, generate, GPT_CONFIG_TINY, GPTModel, ModelDecoder } from "@scratch-llm/gpt";
import { Generator } from "@scratch-llm/nn";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OnnxDecoder, OnnxSlots } from "../index.ts";
import { openOnnxModel, saveOnnxFiles } from "../node.ts";
import type { GPTSession } from "./gpt-session.ts";

const CONFIG = { ...GPT_CONFIG_TINY, contextLength: 256, vocabSize: 300, qkvBias: true };
const PROMPTS = [3, 40, 17, 1].map((length, row) => Int32Array.from({ length }, (_, i) => (37 * i + 11 * row) % 300));

let model: GPTModel;
let folder: string;
let session: GPTSession;
beforeAll(async () => {
  await useTestBackend("wasm");
  model = new GPTModel(CONFIG, { generator: new Generator(1) }).eval();
  const random = new Generator(2); // biases and scales that are not 0 and 1
  for (const parameter of model.parameters()) {
    if (parameter.rank === 1) parameter.assign(parameter.add(random.uniform(parameter.size, -0.3, 0.3)));
  }
  folder = await mkdtemp(join(tmpdir(), "onnx-"));
  session = await openOnnxModel(await saveOnnxFiles(folder, { model }), { threads: 1 });
});
afterAll(async () => {
  await session.dispose();
  await rm(folder, { recursive: true });
});

async function greedy(decoder: Decoder, prompts: readonly Int32Array[], maxNewTokens: number): Promise<number[][]> {
  const ids: number[][] = prompts.map(() => []);
  for await (const { row, id } of generate(decoder, prompts, { maxNewTokens })) ids[row]!.push(id);
  return ids;
}

describe("OnnxDecoder in 32-bit floats", () => {
  it("gives TensorFlow.js's logits to 1e-4", async () => {
    const expected = await new ModelDecoder(model).prefill(PROMPTS);
    const actual = await new OnnxDecoder(session).prefill(PROMPTS);
    for (const [i, logits] of actual.entries()) closeTo(logits, expected[i]!, 1e-4);
  });

  it("writes the same 200 tokens alone, in a ragged batch, and with the prompts read in chunks", async () => {
    const expected = await greedy(new ModelDecoder(model), PROMPTS, 200);
    expect(await greedy(new OnnxDecoder(session), PROMPTS, 200)).toEqual(expected);
    expect(await greedy(new OnnxDecoder(session, { chunkSize: 7 }), PROMPTS, 200)).toEqual(expected);
    for (const [i, prompt] of PROMPTS.entries()) {
      expect(await greedy(new OnnxDecoder(session), [prompt], 200)).toEqual([expected[i]]);
    }
  });

  it("searches with beams, and goes on from what a shorter row has in common", async () => {
    const options = { numBeams: 3, maxNewTokens: 12 };
    const [expected] = await beamSearch(model, PROMPTS[1]!, options);
    const decoder = new OnnxDecoder(session);
    expect((await beamSearch(decoder, PROMPTS[1]!, options))[0]!.ids).toEqual(expected!.ids);
    await decoder.prefill([PROMPTS[1]!]);
    const other = Int32Array.from([...PROMPTS[1]!.slice(0, 20), 5, 6]);
    const [logits] = await decoder.prefill([other]);
    closeTo(logits!, (await new ModelDecoder(model).prefill([other]))[0]!, 1e-4);
  });

  it("refuses what cannot be read, and stops between chunks when it is told to", async () => {
    const decoder = new OnnxDecoder(session);
    await expect(decoder.prefill([new Int32Array(0)])).rejects.toMatchObject({ code: "EMPTY_PROMPT" });
    await expect(decoder.prefill([Int32Array.of(300)])).rejects.toMatchObject({ code: "TOKEN_ID" });
    await expect(decoder.prefill([new Int32Array(257)])).rejects.toMatchObject({ code: "CONTEXT_LENGTH" });
    await decoder.prefill([new Int32Array(256)]);
    await expect(decoder.step(Int32Array.of(1))).rejects.toMatchObject({ code: "CONTEXT_LENGTH" });
    const abort = new AbortController();
    const reading = new OnnxDecoder(session, { chunkSize: 1, signal: abort.signal }).prefill([new Int32Array(256)]);
    setTimeout(() => abort.abort(new Error("enough")), 1);
    await expect(reading).rejects.toThrow("enough");
  });
});

describe("OnnxSlots", () => {
  it("gives every row the tokens that it has alone, whoever comes and goes beside it", async () => {
    const expected = await greedy(new ModelDecoder(model), PROMPTS, 100);
    const slots = new OnnxSlots(session, { maxSlots: 3 });
    const argMax = (logits: Float32Array): number => logits.indexOf(Math.max(...logits));
    const running: { row: number; slot: number; unread: number[]; ids: number[] }[] = [];
    const waiting = [0, 1, 2, 3, 1, 0, 2];
    let finished = 0;
    for (let step = 0; finished < 7; step++) {
      if (running.length < 3 && waiting.length > 0 && step % 5 === 0) {
        const row = waiting.shift()!;
        const slot = [0, 1, 2].find((free) => running.every((other) => other.slot !== free))!;
        running.push({ row, slot, unread: [...PROMPTS[row]!], ids: [] });
      }
      const turn = running.filter((_, i) => running.length === 1 || (step + i) % 4 !== 0); // one may pause
      const logits = await slots.step(
        turn.map(({ slot, unread, ids }) => ({ slot, ids: unread.length > 0 ? unread.splice(0, 15) : ids.slice(-1) })),
      );
      turn.forEach(({ unread, ids }, i) => unread.length === 0 && ids.push(argMax(logits[i]!)));
      for (const done of running.filter(({ row, ids }) => ids.length > 20 + 25 * row)) {
        expect(done.ids).toEqual(expected[done.row]!.slice(0, done.ids.length));
        slots.release(done.slot);
        running.splice(running.indexOf(done), 1);
        finished++;
      }
    }
    slots.dispose();
  });

  it("lets a full row come along", async () => {
    const slots = new OnnxSlots(session, { maxSlots: 2 });
    await slots.step([
      { slot: 1, ids: new Int32Array(256) },
      { slot: 0, ids: PROMPTS[0]! },
    ]);
    const [logits] = await slots.step([{ slot: 0, ids: [5] }]);
    closeTo(logits!, (await new ModelDecoder(model).prefill([Int32Array.from([...PROMPTS[0]!, 5])]))[0]!, 1e-4);
    await expect(slots.step([{ slot: 1, ids: [5] }])).rejects.toMatchObject({ code: "CONTEXT_LENGTH" });
    await expect(slots.step([{ slot: 2, ids: [5] }])).rejects.toMatchObject({ code: "SLOT" });
    slots.release(1);
    const [first] = await slots.step([{ slot: 1, ids: [5] }]);
    closeTo(first!, (await new ModelDecoder(model).prefill([Int32Array.of(5)]))[0]!, 1e-4);
    slots.dispose();
  });
});
