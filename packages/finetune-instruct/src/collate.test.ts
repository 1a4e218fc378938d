import { readFile } from "node:fs/promises";
import { crossEntropy, Generator, valueAndGrads } from "@scratch-llm/nn";
import { GPTModelFast, toBookName } from "@scratch-llm/gpt";
import { calcLossBatch } from "@scratch-llm/pretrain";
import { onBackends, useTestBackend } from "@test/backend.ts";
import { expectClose } from "@test/expect-close.ts";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { collateInstructions, customCollate, customCollateDraft1, customCollateDraft2 } from "./collate.ts";
import { EmptyCompletionError } from "./errors.ts";

interface Packed {
  readonly base64: string;
}
interface InstructionLoss {
  readonly inputs: number[][];
  readonly targets: number[][];
  readonly loss: number;
  readonly gradients: Record<string, Packed>;
}
/** What fixtures/finetune-instruct/make_parity.py writes. */
interface Parity {
  readonly seeds: { readonly policy: number };
  readonly padTokenId: number;
  readonly collate: {
    readonly batch: number[][];
    readonly draft1: number[][];
    readonly draft2: number[][][];
    readonly final: Record<string, { readonly options: Record<string, number>; readonly batch: number[][][] }>;
  };
  readonly instructions: { readonly ids: number[]; readonly promptLength: number }[];
  readonly instructionLoss: InstructionLoss;
  readonly maskedLoss: InstructionLoss;
}

const parity = JSON.parse(
  await readFile(new URL("../../../fixtures/finetune-instruct/parity.json", import.meta.url), "utf8"),
) as Parity;
const { batch: BOOK_BATCH } = parity.collate;
const CONFIG = { vocabSize: 61, contextLength: 16, embDim: 12, nHeads: 3, nLayers: 2, dropRate: 0, qkvBias: true };

const unpack = ({ base64 }: Packed): Float32Array =>
  new Float32Array(new Uint8Array(Buffer.from(base64, "base64")).buffer);
const arrays = ({ inputs, targets }: { inputs: tf.Tensor2D; targets: tf.Tensor2D }): number[][][] => [
  inputs.arraySync(),
  targets.arraySync(),
];

describe("the collate functions of section 7.3", () => {
  beforeAll(() => useTestBackend("cpu"));

  it("give the book's batches: both drafts", () => {
    expect(customCollateDraft1(BOOK_BATCH).arraySync()).toEqual(parity.collate.draft1);
    expect(arrays(customCollateDraft2(BOOK_BATCH))).toEqual(parity.collate.draft2);
  });

  it.each(Object.entries(parity.collate.final))("give the book's batches: the last, %s", (_, { options, batch }) => {
    const { pad_token_id: padTokenId, ignore_index: ignoreIndex, allowed_max_length: allowedMaxLength } = options;
    const given = {
      ...(padTokenId !== undefined && { padTokenId }),
      ...(ignoreIndex !== undefined && { ignoreIndex }),
      ...(allowedMaxLength !== undefined && { allowedMaxLength }),
    };
    expect(arrays(customCollate(BOOK_BATCH, given))).toEqual(batch);
  });

  it("print the book's example", () => {
    const [inputs, targets] = arrays(customCollate(BOOK_BATCH));
    expect(inputs?.[1]).toEqual([5, 6, 50256, 50256, 50256]);
    expect(targets?.[1]).toEqual([6, 50256, -100, -100, -100]);
  });

  it("leave out prompts where they are told (exercise 7.2), and the first end-of-text token nowhere", () => {
    const { padTokenId, instructions, maskedLoss } = parity;
    const items = instructions.map(({ ids, promptLength }) => ({ ids: Int32Array.from(ids), promptLength }));
    const masked = collateInstructions({ padTokenId, maskInstructions: true })(items);
    expect(arrays(masked)).toEqual([maskedLoss.inputs, maskedLoss.targets]);
    const whole = collateInstructions({ padTokenId })(items);
    expect(arrays(whole)).toEqual([parity.instructionLoss.inputs, parity.instructionLoss.targets]);
  });

  it("make rows wider where they are told, with nothing more to learn", () => {
    const [inputs, targets] = arrays(customCollate(BOOK_BATCH, { padToMultipleOf: 8 }));
    const [bookInputs, bookTargets] = arrays(customCollate(BOOK_BATCH));
    expect(inputs).toEqual(bookInputs?.map((row) => [...row, 50256, 50256, 50256]));
    expect(targets).toEqual(bookTargets?.map((row) => [...row, -100, -100, -100]));
    expect(customCollate(BOOK_BATCH, { padToMultipleOf: 8, allowedMaxLength: 6 }).inputs.shape).toEqual([3, 6]);
    expect(customCollate(BOOK_BATCH, { padToMultipleOf: 5 }).inputs.shape).toEqual([3, 5]);
  });

  it("refuse a batch of which nothing is left to learn", () => {
    const options = { allowedMaxLength: 2, promptLengths: [4, 3] };
    expect(() =>
      customCollate(
        [
          [1, 2, 3, 4, 5],
          [6, 7, 8, 9],
        ],
        options,
      ),
    ).toThrow(EmptyCompletionError);
    expect(() =>
      customCollate(
        [
          [1, 2, 3, 4, 5],
          [6, 7, 8, 9],
        ],
        options,
      ),
    ).toThrow("within 2 tokens");
    const [, targets] = arrays(
      customCollate(
        [
          [1, 2, 3, 4, 5],
          [6, 7, 8, 9],
        ],
        { ...options, promptLengths: [4, 2] },
      ),
    );
    expect(targets).toEqual([
      [-100, -100],
      [-100, 8],
    ]);
  });
});

onBackends(() => {
  it.each(["instructionLoss", "maskedLoss"] as const)("gives PyTorch's loss and gradients: %s", (name) => {
    const { inputs, targets, loss, gradients } = parity[name];
    const model = new GPTModelFast(CONFIG, { generator: new Generator(parity.seeds.policy) });
    const batch = {
      inputs: tf.tensor2d(inputs, undefined, "int32"),
      targets: tf.tensor2d(targets, undefined, "int32"),
    };
    const { value, grads } = valueAndGrads(() => calcLossBatch(batch, model), model.namedParameters());
    expectClose(value, [loss], { absolute: 1e-5 });
    expect(grads.size).toBe(Object.keys(gradients).length);
    for (const [parameter, gradient] of grads) {
      expectClose(gradient, unpack(gradients[toBookName(parameter)] as Packed), { absolute: 1e-5 });
    }
    tf.dispose([value, { ...batch }, ...grads.values()]);
    model.dispose();
  });

  it("gives the book's three losses (section 7.3): an ignored target is as if it were not there", () => {
    const logits = [
      [-1, 1],
      [-0.5, 1.5],
      [-0.5, 1.5],
    ];
    const loss = (rows: number, targets: number[]): number =>
      crossEntropy(tf.tensor2d(logits.slice(0, rows)), tf.tensor1d(targets, "int32")).dataSync()[0] ?? Number.NaN;
    expect(loss(2, [0, 1])).toBeCloseTo(1.1269, 4);
    expect(loss(3, [0, 1, 1])).toBeCloseTo(0.7936, 4);
    expect(loss(3, [0, 1, -100])).toBe(loss(2, [0, 1]));
  });
});
