import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DataLoader } from "@scratch-llm/dataloader";
import { Generator } from "@scratch-llm/nn";
import { DisallowedSpecialError, gpt2Tokenizer, trainBPE } from "@scratch-llm/tokenizer";
import { useTestBackend } from "@test/backend.ts";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { chatFormat } from "./chat-format.ts";
import { collateInstructions } from "./collate.ts";
import { InstructionDataError } from "./errors.ts";
import { checkInstructions, checkPreferences, type Instruction, parseEntries } from "./instruction.ts";
import { InstructionDataset } from "./instruction-dataset.ts";
import { formatEntry, formatInput, PHI3 } from "./prompt-format.ts";
import { splitData } from "./split-data.ts";

const BYTES = trainBPE([""], { vocabSize: 257 }); // a token per byte
const ENTRIES: Instruction[] = [
  { instruction: "Name a bird.", input: "", output: "A gull." },
  { instruction: "问候她。", input: "阿禾", output: "你好，阿禾！" },
];

describe("InstructionDataset", () => {
  it("encodes the formatted entries, and knows their prompts", () => {
    const dataset = new InstructionDataset(ENTRIES, BYTES);
    expect(dataset.length).toBe(2);
    for (const [i, entry] of ENTRIES.entries()) {
      const { ids, promptLength } = dataset.get(i);
      expect(BYTES.decode(ids)).toBe(formatEntry(entry));
      expect(BYTES.decode(ids.subarray(0, promptLength))).toBe(formatInput(entry));
    }
    expect(() => dataset.get(2)).toThrow(RangeError);
  });

  it("skips and counts entries whose answer truncation would cut off whole", () => {
    const length = formatInput(ENTRIES[0] as Instruction).length + "\n\n### Response:\n".length; // the answer's first byte
    const skippedAt = (maxLength: number): number =>
      new InstructionDataset(ENTRIES.slice(0, 1), BYTES, { maxLength }).skipped.length;
    expect(skippedAt(length)).toBe(0);
    expect(skippedAt(length - 1)).toBe(1);
    const { skipped, length: rest } = new InstructionDataset(ENTRIES, BYTES, { maxLength: length });
    expect(skipped).toEqual([ENTRIES[1]]);
    expect(rest).toBe(1);
  });

  it("finds the prompt where tokens reach across its end", () => {
    const tokenizer = trainBPE(["bird.\n\n bird.\n\n"], { vocabSize: 275 });
    const format = {
      ...PHI3,
      whole: (): string => "a bird.\n\nA gull.",
      prompt: (): string => "a bird.\n",
      head: "\n",
    };
    const { ids, promptLength } = new InstructionDataset(ENTRIES.slice(0, 1), tokenizer, { format }).get(0);
    expect("a bird.\n".startsWith(tokenizer.decode(ids.subarray(0, promptLength)))).toBe(true);
  });

  it("lets no special token in by the data, only by a chat template", () => {
    const entry = { instruction: "Say <|endoftext|>.", input: "", output: "No." };
    expect(() => new InstructionDataset([entry], BYTES)).toThrow(DisallowedSpecialError);
    const format = chatFormat({ chat_template: "{% for m in messages %}{{ m.content }}<|endoftext|>{% endfor %}" });
    const { ids } = new InstructionDataset(ENTRIES.slice(0, 1), BYTES, { format }).get(0);
    expect(ids.at(-1)).toBe(BYTES.eosId);
  });
});

describe("data", () => {
  it("may be a JSON array or JSON lines", () => {
    const array = JSON.stringify(ENTRIES, null, 2);
    const lines = ENTRIES.map((entry) => `${JSON.stringify(entry)}\r\n`).join("\n");
    expect(parseEntries(array)).toEqual(ENTRIES);
    expect(parseEntries(lines)).toEqual(ENTRIES);
    expect(() => parseEntries("[1, ")).toThrow(InstructionDataError);
    expect(() => parseEntries('{"a": 1}\n{oops}')).toThrow("Line 2 is no JSON");
  });

  it("is refused where a field is missing, naming it", () => {
    expect(checkInstructions([{ instruction: "Hi.", output: "Hello.", language: "en" }])).toEqual([
      { instruction: "Hi.", input: "", output: "Hello.", language: "en" },
    ]);
    expect(() => checkInstructions([...ENTRIES, { instruction: "Hi." }])).toThrow('Entry 3 has no text in "output"');
    expect(() => checkInstructions([{ instruction: "Hi.", input: 5, output: "" }])).toThrow("received 5");
    expect(() => checkInstructions([null as unknown as object])).toThrow(InstructionDataError);
    expect(() => checkInstructions([])).toThrow("no entry");
    expect(() => checkPreferences(ENTRIES)).toThrow('no text in "chosen"');
  });

  it("is split in its order", () => {
    const numbers = Array.from({ length: 23 }, (_, i) => i);
    const { train, test, val } = splitData(numbers);
    expect([...train, ...test, ...val]).toEqual(numbers);
    expect([train.length, test.length, val.length]).toEqual([19, 2, 2]);
    expect(splitData(numbers, { train: 0.5, test: 0 }).val).toHaveLength(12);
    expect(() => splitData(numbers, { train: 0.9, test: 0.2 })).toThrow(
      expect.objectContaining({ code: "INSTRUCT_OPTION" }),
    );
  });
});

const folder = process.env["SCRATCH_LLM_TEST_DATA"];
describe.skipIf(!folder)("the book's data (skipped without SCRATCH_LLM_TEST_DATA)", () => {
  beforeAll(() => useTestBackend("cpu"));

  it("splits into 935, 55 and 110 and gives PyTorch's 116 batches", async () => {
    const widths = JSON.parse(
      await readFile(new URL("../../../fixtures/finetune-instruct/widths.json", import.meta.url), "utf8"),
    ) as Record<"split" | "widths", number[]> & Record<"paddedInLastRow" | "ignoredInLastRow", number>;
    const text = await readFile(join(folder ?? "", "instruction-data.json"), "utf8");
    const { train, val, test } = splitData(checkInstructions(parseEntries(text) as object[]));
    expect([train.length, val.length, test.length]).toEqual(widths.split);
    expect(formatEntry(train[50] as Instruction)).toMatch(
      /request\.\n\n### Instruction:\nIdentify the correct spelling of the following word\.\n\n### Input:\nOcassion\n\n### Response:\nThe correct spelling is 'Occasion\.'$/u,
    );

    const dataset = new InstructionDataset(train, await gpt2Tokenizer(), { maxLength: 1024 });
    expect(dataset.skipped).toEqual([]);
    const collate = collateInstructions({ allowedMaxLength: 1024 });
    const loader = new DataLoader(dataset, { batchSize: 8, collate, generator: new Generator(123) });
    const batches = [...loader];
    expect(batches.map(({ inputs }) => inputs.shape)).toEqual(widths.widths.map((width) => [8, width]));
    const last = batches.at(-1);
    const count = (tensor: tf.Tensor2D | undefined, id: number): number | undefined =>
      tensor?.arraySync()[0]?.filter((value) => value === id).length;
    expect(count(last?.inputs, 50_256)).toBe(widths.paddedInLastRow);
    expect(count(last?.targets, -100)).toBe(widths.ignoredInLastRow);
    for (const batch of batches) tf.dispose({ ...batch });
  });
});
