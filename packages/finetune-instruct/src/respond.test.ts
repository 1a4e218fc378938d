import { readFile } from "node:fs/promises";
import { DataLoader } from "@scratch-llm/dataloader";
import { GPTModelFast } from "@scratch-llm/gpt";
import { AdamW, Generator } from "@scratch-llm/nn";
import { type EvalEvent, trainModel } from "@scratch-llm/pretrain";
import { type Tokenizer, trainBPE } from "@scratch-llm/tokenizer";
import { expectNoTensorLeak, useTestBackend } from "@test/backend.ts";
import { beforeAll, describe, expect, it } from "vitest";
import { chatFormat } from "./chat-format.ts";
import { collateInstructions } from "./collate.ts";
import { checkInstructions, type Instruction, parseEntries } from "./instruction.ts";
import { InstructionDataset } from "./instruction-dataset.ts";
import { formatEntry, PHI3, type PromptFormat } from "./prompt-format.ts";
import { respond, respondAll } from "./respond.ts";
import { splitData } from "./split-data.ts";

beforeAll(() => useTestBackend("wasm"));

const entries = checkInstructions(
  parseEntries(await readFile(new URL("../../samples/sets/instructions.json", import.meta.url), "utf8")) as object[],
);

interface Run {
  readonly data: readonly Instruction[];
  readonly val?: readonly Instruction[];
  readonly format: PromptFormat;
  readonly vocabSize: number;
  readonly epochs: number;
}

/** Trains a tiny model on entries in a format; the caller disposes it. */
async function train({ data, val = data, format, vocabSize, epochs }: Run) {
  const texts = [...data, ...val].map((entry) => formatEntry(entry, format));
  const tokenizer: Tokenizer = trainBPE(texts, { vocabSize });
  const generator = new Generator(123);
  const model = new GPTModelFast(
    { vocabSize, contextLength: 64, embDim: 48, nHeads: 4, nLayers: 2, dropRate: 0, qkvBias: false },
    { generator },
  );
  const options = { format, maxLength: 64 };
  const collate = collateInstructions({ padTokenId: tokenizer.eosId ?? 0, allowedMaxLength: 64 });
  const loader = (part: readonly Instruction[], shuffle: boolean) =>
    new DataLoader(new InstructionDataset(part, tokenizer, options), {
      batchSize: 8,
      shuffle,
      generator,
      collate,
      dropLast: false,
    });
  const optimizer = new AdamW(model.namedParameters(), { lr: 5e-3, weightDecay: 0.1 });
  const [trainLoader, valLoader] = [loader(data, true), loader(val, false)];
  const evals: EvalEvent[] = [];
  for await (const event of trainModel({ model, optimizer, trainLoader, valLoader, epochs, evalEvery: 20 })) {
    if (event.type === "eval") evals.push(event);
  }
  optimizer.dispose();
  model.eval();
  return { model, tokenizer, evals };
}

describe("a model that has learned eight entries", () => {
  const data = entries.slice(0, 8);
  const answers = data.map(({ output }) => output);

  it("answers them, alone and together, and stops by itself", async () => {
    const { model, tokenizer } = await train({ data, format: PHI3, vocabSize: 400, epochs: 60 });
    const options = { model, tokenizer, format: PHI3, maxNewTokens: 40 };
    await expectNoTensorLeak(async () => {
      const together: string[] = [];
      for await (const { index, response } of respondAll(data, { ...options, batchSize: 3 })) {
        expect(index).toBe(together.length);
        together.push(response);
      }
      expect(together).toEqual(answers);
      expect(await respond(data[4] as Instruction, options)).toBe(answers[4]);
    });
    for (const batchSize of [0, Number.NaN]) {
      await expect(respondAll(data, { ...options, batchSize }).next()).rejects.toThrow(`batchSize is ${batchSize}`);
    }
    const cut = await respond(data[0] as Instruction, { ...options, maxNewTokens: 2 });
    expect(cut.length).toBeLessThan((answers[0] as string).length);
    await expect(respond(data[0] as Instruction, { ...options, signal: AbortSignal.abort() })).rejects.toThrow(
      "aborted",
    );
    model.dispose();
  });

  it("answers them in a chat format, up to the format's own end", async () => {
    const format = chatFormat({
      chat_template:
        "{% for m in messages %}[{{ m.role }}]{{ m.content }}[end]{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}",
    });
    const { model, tokenizer } = await train({ data, format, vocabSize: 400, epochs: 60 });
    expect(await respond(data[1] as Instruction, { model, tokenizer, format })).toBe(answers[1]);
    model.dispose();
  });
});

it("lowers the loss on entries it has not seen: a quarter of the built-in set", async () => {
  const { train: data, val } = splitData(entries.slice(0, 60));
  const { model, evals } = await train({ data, val, format: PHI3, vocabSize: 400, epochs: 10 });
  const [first, last] = [evals[0] as EvalEvent, evals.at(-1) as EvalEvent];
  expect(last.valLoss).toBeLessThan(first.valLoss - 1);
  model.dispose();
});
