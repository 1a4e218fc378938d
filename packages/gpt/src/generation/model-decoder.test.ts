import { ContextLengthError } from "@scratch-llm/attention";
import { Generator } from "@scratch-llm/nn";
import { expectNoTensorLeak, onBackends } from "@test/backend.ts";
import { DECODERS, type MakeDecoder } from "@test/decoders.ts";
import { expectClose } from "@test/expect-close.ts";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { EmptyPromptError, TokenIdError } from "../errors.ts";
import type { GPTConfig } from "../config.ts";
import { GPTModel } from "../gpt-model.ts";
import type { ForwardOptions } from "../gpt-model.ts";
import { ModelDecoder } from "./model-decoder.ts";

const CONFIG: GPTConfig = {
  vocabSize: 31,
  contextLength: 12,
  embDim: 12,
  nHeads: 3,
  nLayers: 2,
  dropRate: 0.5,
  qkvBias: true,
};
const CLOSE = { absolute: 1e-5 };
const ROWS = [[4, 8, 15, 16, 23, 2, 7], [30], [0, 9, 9, 1]];

const rowsOf = (rows: readonly (readonly number[])[]): Int32Array[] => rows.map((row) => Int32Array.from(row));

/** Notes how many tokens it is shown at a time. */
class WatchedModel extends GPTModel {
  readonly lengths: number[] = [];

  override forward(ids: tf.Tensor2D, options?: ForwardOptions): tf.Tensor3D {
    this.lengths.push(ids.shape[1]);
    return super.forward(ids, options);
  }
}

onBackends((backend) => {
  /** Compiling is the same as not compiling where the backend is not native TensorFlow. */
  const decoders = Object.entries(DECODERS).filter(([name]) => backend === "native" || !name.startsWith("compiled"));
  const build = (): GPTModel => new GPTModel(CONFIG, { generator: new Generator(3) });

  /** The last logits of a row that is read alone, without a decoder. */
  function alone(model: GPTModel, row: readonly number[]): Float32Array {
    model.eval();
    const logits = tf.tidy(() => model.forward(tf.tensor2d([...row], [1, row.length], "int32"), { lastOnly: true }));
    model.train();
    const values = logits.dataSync() as Float32Array;
    logits.dispose();
    return values;
  }

  const withoutCache: MakeDecoder = (model) => new ModelDecoder(model, { useCache: false });
  it.each<[string, MakeDecoder]>([
    ...decoders,
    ["without a cache", withoutCache],
    ...decoders.map(([name, make]): [string, MakeDecoder] => [
      `${name}, reading prompts in chunks`,
      (model) => make(model, { chunkSize: 3 }),
    ]),
  ])("gives rows of different lengths what each gives alone: %s", async (_name, make) => {
    const model = build();
    const decoder = make(model);
    const rows = ROWS.map((row) => [...row]);
    let logits = await decoder.prefill(rowsOf(rows));
    for (let step = 0; step < 4; step++) {
      for (const [i, row] of rows.entries()) expectClose(logits[i] ?? [], alone(model, row), CLOSE);
      const ids = rows.map((row) => (row.length * 7 + step) % 31);
      for (const [i, row] of rows.entries()) row.push(ids[i] ?? 0);
      logits = await decoder.step(Int32Array.from(ids));
    }
    for (const [i, row] of rows.entries()) expectClose(logits[i] ?? [], alone(model, row), CLOSE);
    decoder.dispose();
  });

  it.each<[string, MakeDecoder]>([...decoders, ["without a cache", withoutCache]])(
    "reorders, repeats, drops and shortens rows: %s",
    async (_name, make) => {
      const model = build();
      const decoder = make(model);
      await decoder.prefill(rowsOf(ROWS));
      await decoder.select(Int32Array.of(2, 0, 2));
      await decoder.truncate(5);
      const logits = await decoder.step(Int32Array.of(1, 2, 3));
      const expected = [
        [0, 9, 9, 1, 1],
        [4, 8, 15, 16, 23, 2],
        [0, 9, 9, 1, 3],
      ];
      for (const [i, row] of expected.entries()) expectClose(logits[i] ?? [], alone(model, row), CLOSE);
      decoder.dispose();
    },
  );

  it.each(decoders)("goes on with the rows that are left, up to a full context: %s", async (_name, make) => {
    const model = build();
    const decoder = make(model);
    await decoder.prefill(rowsOf([...ROWS, [5, 5]]));
    let rows = [[...ROWS[2]!], [...ROWS[1]!], [5, 5]];
    await decoder.select(Int32Array.of(2, 1, 3)); // the longest has ended
    let logits = await decoder.step(Int32Array.of(1, 2, 3));
    rows = rows.map((row, i) => [...row, i + 1]);
    await decoder.select(Int32Array.of(0));
    for (let id = 10; id < 17; id++) logits = await decoder.step(Int32Array.of(id));
    const row = [...rows[0]!, 10, 11, 12, 13, 14, 15, 16];
    expectClose(logits[0] ?? [], alone(model, row), CLOSE);
    expect(row.length).toBe(CONFIG.contextLength);
    await expect(decoder.step(Int32Array.of(1))).rejects.toThrow(ContextLengthError);
    decoder.dispose();
  });

  it.each(decoders)("reads only what a row does not share with the one before: %s", async (name, make) => {
    const model = build();
    const watched = new WatchedModel(CONFIG, { generator: new Generator(3) });
    const decoder = make(watched);
    const first = [4, 8, 15, 16];
    await decoder.prefill(rowsOf([first]));
    await decoder.step(Int32Array.of(23));
    for (const row of [[...first, 23, 9, 9], [...first, 5], first, [7, 8]]) {
      const [logits] = await decoder.prefill(rowsOf([row]));
      expectClose(logits ?? [], alone(model, row), CLOSE);
    }
    const lengths = [4, 1, 2, 1, 1, 2];
    const isExact = name === "one operation at a time" || name === "ready to compile"; // others pad, or read nothing again
    expect(isExact ? watched.lengths : lengths).toEqual(lengths);
    decoder.dispose();
  });

  it.each(decoders)("keeps dropout off and the model in its mode: %s", async (_name, make) => {
    const model = build();
    model.finalNorm.training = false;
    const decoder = make(model);
    const once = await decoder.prefill(rowsOf([[1, 2, 3]]));
    decoder.dispose();
    expect(await decoder.prefill(rowsOf([[1, 2, 3]]))).toEqual(once);
    expect([model.training, model.dropEmb.training, model.finalNorm.training]).toEqual([true, true, false]);
  });

  it.each(decoders)("leaves no tensor behind: %s", async (_name, make) => {
    const model = build();
    await expectNoTensorLeak(async () => {
      const decoder = make(model, { chunkSize: 2 });
      await decoder.prefill(rowsOf(ROWS));
      await decoder.step(Int32Array.of(1, 2, 3));
      await decoder.select(Int32Array.of(1));
      await decoder.prefill(rowsOf([[5, 6]]));
      decoder.dispose();
    });
  });
});

it.each(Object.entries(DECODERS))("refuses rows that cannot be read, before it reads any: %s", async (_name, make) => {
  const model = new GPTModel(CONFIG);
  const decoder = make(model);
  await expect(decoder.prefill(rowsOf([[1], []]))).rejects.toThrow(EmptyPromptError);
  await expect(decoder.prefill(rowsOf([[1, 31]]))).rejects.toThrow(TokenIdError);
  await expect(decoder.prefill(rowsOf([[1, -1]]))).rejects.toThrow("Token -1 is not in the model's vocabulary of 31");
  await expect(decoder.prefill([new Int32Array(13)])).rejects.toThrow(ContextLengthError);

  await decoder.prefill([new Int32Array(12)]);
  await expect(decoder.step(Int32Array.of(1))).rejects.toThrow(ContextLengthError);
  await decoder.truncate(3);
  await expect(decoder.step(Int32Array.of(31))).rejects.toThrow(TokenIdError);
  await decoder.step(Int32Array.of(1));
});
