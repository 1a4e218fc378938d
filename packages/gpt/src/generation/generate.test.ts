import { ContextLengthError } from "@scratch-llm/attention";
import { Generator } from "@scratch-llm/nn";
import { trainBPE } from "@scratch-llm/tokenizer";
import { expectNoTensorLeak, useTestBackend } from "@test/backend.ts";
import { TableDecoder } from "@test/table-decoder.ts";
import { describe, expect, it } from "vitest";
import { EmptyPromptError, GenerateOptionsError, TokenIdError } from "../errors.ts";
import { generateTextSimple } from "../generate-text-simple.ts";
import { GPTModel } from "../gpt-model.ts";
import type { Decoder } from "./decoder.ts";
import { generate } from "./generate.ts";
import type { GenerateOptions } from "./generate-options.ts";
import type { GenerateStep } from "./generation-row.ts";
import { ModelDecoder } from "./model-decoder.ts";

const build = (): GPTModel =>
  new GPTModel(
    { vocabSize: 97, contextLength: 16, embDim: 24, nHeads: 4, nLayers: 2, dropRate: 0.1, qkvBias: false },
    { generator: new Generator(7) },
  );
const model = build();
const PROMPT = Int32Array.of(4, 8, 15);

async function collect(
  decoder: GPTModel | Decoder,
  prompts: Int32Array | Int32Array[],
  options: GenerateOptions = {},
): Promise<GenerateStep[]> {
  const steps: GenerateStep[] = [];
  for await (const step of generate(decoder, prompts, options)) steps.push(step);
  return steps;
}
const idsOf = (steps: readonly GenerateStep[], row: number = 0): number[] =>
  steps.filter((step) => step.row === row).map(({ id }) => id);

describe("greedy generation", () => {
  const greedy = (maxNewTokens: number): number[] => {
    const ids = generateTextSimple({ model: build().eval(), ids: PROMPT, maxNewTokens, contextSize: 16 });
    return [...ids.dataSync()].slice(PROMPT.length);
  };

  it("gives generateTextSimple's ids, past the context too, with and without a cache", async () => {
    expect(idsOf(await collect(model, PROMPT, { maxNewTokens: 24 }))).toEqual(greedy(24));
    const uncached = new ModelDecoder(model, { useCache: false });
    expect(idsOf(await collect(uncached, PROMPT, { maxNewTokens: 24 }))).toEqual(greedy(24));
  });

  it("generates 50 tokens unless told otherwise, and none when told so", async () => {
    const steps = await collect(model, PROMPT);
    expect(steps).toHaveLength(50);
    expect(steps.map(({ finishReason }) => finishReason).filter((reason) => reason !== undefined)).toEqual(["length"]);
    expect(await collect(model, PROMPT, { maxNewTokens: 0 })).toEqual([]);
  });

  it("reports log-probabilities of the model, whatever the temperature", async () => {
    const [plain] = await collect(model, PROMPT, { maxNewTokens: 1, topLogProbs: 97 });
    const [warm] = await collect(model, PROMPT, { maxNewTokens: 1, topLogProbs: 97, temperature: 3, topK: 2 });
    const total = plain?.topLogProbs.reduce((sum, { logProb }) => sum + Math.exp(logProb), 0);
    expect(total).toBeCloseTo(1, 6);
    expect(plain?.topLogProbs[0]).toEqual({ id: plain?.id, logProb: plain?.logProb });
    expect(warm?.topLogProbs).toEqual(plain?.topLogProbs);
    expect(plain?.topLogProbs.every(({ logProb }, i, all) => i === 0 || logProb <= (all[i - 1]?.logProb ?? 0))).toBe(
      true,
    );
  });
});

describe("sampling", () => {
  const options: GenerateOptions = { maxNewTokens: 20, temperature: 1, topK: 30, seed: 5 };

  it("repeats itself with the same seed only", async () => {
    const once = idsOf(await collect(model, PROMPT, options));
    expect(idsOf(await collect(model, PROMPT, options))).toEqual(once);
    expect(idsOf(await collect(model, PROMPT, { ...options, seed: 6 }))).not.toEqual(once);
  });

  it("gives the same tokens on every backend", async ({ skip }) => {
    const results: number[][] = [];
    for (const backend of ["cpu", "wasm", "native"] as const) {
      if (await useTestBackend(backend)) results.push(idsOf(await collect(build(), PROMPT, options)));
    }
    await useTestBackend("cpu");
    if (results.length < 2) return skip("only one backend is set up");
    for (const ids of results) expect(ids).toEqual(results[0]);
  });

  it("gives each row of a batch what it gives alone, and ends it alone", async () => {
    const prompts = [PROMPT, Int32Array.of(1), Int32Array.of(9, 9, 9, 9, 9, 2)];
    const alone = await Promise.all(
      prompts.map(async (prompt, row) => idsOf(await collect(model, prompt, { ...options, seed: 5 + row }))),
    );
    const eosId = alone[1]?.[3] as number;
    const steps = await collect(model, prompts, { ...options, eosId });
    for (const row of [0, 1, 2]) {
      const ids = alone[row] as number[];
      const end = ids.indexOf(eosId);
      expect(idsOf(steps, row)).toEqual(end < 0 ? ids : ids.slice(0, end + 1));
    }
    const reasons = steps
      .filter(({ finishReason }) => finishReason)
      .map(({ row, finishReason }) => [row, finishReason]);
    expect(reasons[0]).toEqual([1, "eos"]);
    expect(reasons).toHaveLength(3);
  });
});

/** 0 → 1 → 2 → 3 → 0 … is likely; the other tokens less, in the order 3, 2, 1, 0. */
const CYCLE = [0, 1, 2, 3].map((token) => [0, 1, 2, 3].map((next) => (next === (token + 1) % 4 ? 10 : next)));

describe("the end of a row", () => {
  it("comes with an ending token, which has no text", async () => {
    const steps = await collect(new TableDecoder(CYCLE), Int32Array.of(0), { eosId: 3, stopIds: [99] });
    expect(steps.map(({ id, finishReason }) => [id, finishReason])).toEqual([
      [1, undefined],
      [2, undefined],
      [3, "eos"],
    ]);
    expect(idsOf(await collect(new TableDecoder(CYCLE), Int32Array.of(0), { stopIds: [2] }))).toEqual([1, 2]);
  });

  it("does not come before minNewTokens", async () => {
    const options = { eosId: 3, minNewTokens: 4 };
    expect(idsOf(await collect(new TableDecoder(CYCLE), Int32Array.of(0), options))).toEqual([1, 2, 2, 2, 3]);
  });

  it("drops the row from the decoder and goes on with the others", async () => {
    const decoder = new TableDecoder(CYCLE);
    const prompts = [Int32Array.of(2), Int32Array.of(0)];
    const steps = await collect(decoder, prompts, { eosId: 3, maxNewTokens: 3 });
    expect(idsOf(steps, 0)).toEqual([3]);
    expect(idsOf(steps, 1)).toEqual([1, 2, 3]);
    expect(decoder.calls).toEqual(["prefill 2 | 0", "select 1", "step 1", "step 2"]);
  });
});

describe("a full context", () => {
  const run = async (overflow: "crop" | "halve" | "stop", prompt = [0]): Promise<[TableDecoder, GenerateStep[]]> => {
    const decoder = new TableDecoder(CYCLE, 4);
    return [decoder, await collect(decoder, Int32Array.from(prompt), { maxNewTokens: 8, overflow })];
  };

  it("crop shows the model the last tokens, each time anew", async () => {
    const [decoder, steps] = await run("crop");
    expect(idsOf(steps)).toEqual([1, 2, 3, 0, 1, 2, 3, 0]);
    expect(decoder.calls.slice(0, 6)).toEqual([
      "prefill 0",
      "step 1",
      "step 2",
      "step 3",
      "prefill 1 2 3 0",
      "prefill 2 3 0 1",
    ]);
  });

  it("halve forgets the older half and goes on step by step", async () => {
    const [decoder, steps] = await run("halve");
    expect(idsOf(steps)).toEqual([1, 2, 3, 0, 1, 2, 3, 0]);
    expect(decoder.calls.slice(4)).toEqual(["prefill 3 0", "step 1", "step 2", "prefill 2 3"]);
  });

  it("stop ends the row, and refuses a prompt that does not fit", async () => {
    const [, steps] = await run("stop");
    expect(steps.map(({ id, finishReason }) => [id, finishReason])).toEqual([
      [1, undefined],
      [2, undefined],
      [3, "context"],
    ]);
    await expect(run("stop", [0, 1, 2, 3, 0])).rejects.toThrow(ContextLengthError);
  });

  it.each(["crop", "halve"] as const)("%s reads the end of a prompt that does not fit", async (overflow) => {
    const [decoder] = await run(overflow, [0, 1, 2, 3, 0, 1]);
    expect(decoder.calls[0]).toBe("prefill 2 3 0 1");
  });
});

describe("text", () => {
  const text = "你好，世界。Hello 🙂 world. ";
  const tokenizer = trainBPE([text], { vocabSize: 260 });
  const ids = tokenizer.encode(text);
  /** Says the ids one after the other, whatever it is given. */
  const script = (): Decoder => {
    const table = Array.from({ length: tokenizer.vocabSize }, () =>
      Array.from({ length: tokenizer.vocabSize }, () => 0),
    );
    let place = 0;
    const logits = async (): Promise<Float32Array[]> => {
      const row = Float32Array.from(table[0] ?? []);
      row[ids[place++ % ids.length] ?? 0] = 1;
      return [row];
    };
    return Object.assign(new TableDecoder(table), { prefill: logits, step: logits });
  };
  const run = (options: GenerateOptions) => collect(script(), Int32Array.of(0), { tokenizer, ...options });

  it("streams whole characters only", async () => {
    const steps = await run({ maxNewTokens: ids.length });
    expect(steps.map((step) => step.text).join("")).toBe(text);
    expect(steps.every((step) => !step.text.includes("\uFFFD"))).toBe(true);
    expect(steps.some((step) => step.text === "")).toBe(true);
  });

  it("stops at a stop string that several tokens share, and shows nothing of it", async () => {
    const steps = await run({ stopStrings: ["界。H", "never"] });
    expect(steps.map((step) => step.text).join("")).toBe("你好，世");
    expect(steps.at(-1)?.finishReason).toBe("stop");
  });

  it("shows at the end what was held back", async () => {
    const steps = await run({ maxNewTokens: ids.length, stopStrings: [". \n"] });
    expect(steps.map((step) => step.text).join("")).toBe(text);
  });

  it("has no text for an ending token", async () => {
    const eosId = tokenizer.encode("!")[0] as number;
    const cut = [...ids.slice(0, 6), eosId];
    const table = Array.from({ length: tokenizer.vocabSize }, () =>
      Array.from({ length: tokenizer.vocabSize }, () => 0),
    );
    for (const [i, id] of cut.entries()) (table[cut[i - 1] ?? 0] as number[])[id] = 1 + i;
    const steps = await collect(new TableDecoder(table), Int32Array.of(0), { tokenizer, eosId });
    expect(steps.at(-1)).toMatchObject({ id: eosId, finishReason: "eos" });
    expect(steps.map((step) => step.text).join("")).not.toContain("!");
  });
});

describe("the caller", () => {
  it("aborts between two tokens, by the signal's reason", async () => {
    const controller = new AbortController();
    const steps: GenerateStep[] = [];
    const consume = async (): Promise<void> => {
      for await (const step of generate(model, PROMPT, { signal: controller.signal })) {
        steps.push(step);
        if (steps.length === 3) controller.abort(new Error("enough"));
      }
    };
    await expect(consume()).rejects.toThrow("enough");
    expect(steps).toHaveLength(3);
  });

  it("may leave early; nothing is left behind", async () => {
    await expectNoTensorLeak(async () => {
      for await (const step of generate(model, [PROMPT, Int32Array.of(1)])) if (step.row === 1) break;
    });
  });

  it("keeps a decoder that it passed", async () => {
    const decoder = new TableDecoder(CYCLE);
    await collect(decoder, Int32Array.of(0), { maxNewTokens: 2 });
    expect(decoder.calls).not.toContain("dispose");
  });

  it.each([
    [{ temperature: -1 }, "temperature is -1: it must be 0 (the most likely token) or more."],
    [{ temperature: Number.NaN }, "temperature is NaN"],
    [{ topK: 0 }, "topK is 0: it must be a whole number of at least 1."],
    [{ topP: 0 }, "topP is 0: it must be more than 0 and at most 1."],
    [{ minP: 1.5 }, "minP is 1.5: it must be between 0 and 1."],
    [{ maxNewTokens: 2.5 }, "maxNewTokens is 2.5: it must be a whole number of at least 0."],
    [{ repetitionPenalty: 0 }, "repetitionPenalty is 0: it must be more than 0; 1 changes nothing."],
    [{ seed: 0.5 }, "seed is 0.5: it must be a whole number."],
    [{ stopStrings: ["x"] }, "stopStrings need a tokenizer"],
  ])("hears about %o in one line", async (options, message) => {
    await expect(collect(model, PROMPT, options)).rejects.toThrow(GenerateOptionsError);
    await expect(collect(model, PROMPT, options)).rejects.toThrow(message);
  });

  it("hears about prompts that cannot be read", async () => {
    await expect(collect(model, new Int32Array(0))).rejects.toThrow(EmptyPromptError);
    await expect(collect(model, Int32Array.of(97))).rejects.toThrow(TokenIdError);
    expect(await collect(model, [])).toEqual([]);
  });
});
