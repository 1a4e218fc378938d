import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { generatedStrings, Lcg } from "@test/generated-strings.ts";
import { wholeWords } from "./pre-tokenize.ts";
import { trainBPE } from "./train-bpe.ts";
import type { TrainBPEProgress } from "./train-bpe.ts";

interface Case {
  readonly text: string;
  readonly textSha256: string;
  readonly vocabSize: number;
  readonly minFrequency: number;
  readonly merges: number;
  readonly mergesSha256: string;
  readonly vocabSha256: string;
  readonly ids: number;
  readonly idsSha256: string;
}

const { cases } = JSON.parse(
  readFileSync(new URL("../../../fixtures/tokenizer/bpe-merges.json", import.meta.url), "utf8"),
) as { cases: Case[] };

describe("equality with Hugging Face's BpeTrainer", () => {
  for (const name of new Set(cases.map(({ text }) => text))) {
    const settings = cases.filter(({ text }) => text === name);
    const texts = textsOf(name);
    it.skipIf(texts === undefined)(`learns the same merges from ${JSON.stringify(name)}`, () => {
      for (const { vocabSize, minFrequency, textSha256, ...expected } of settings) {
        const remedy = `${name} has changed since: run fixtures/tokenizer/make_bpe_merges.py`;
        expect(sha256((texts ?? []).join("\n")), remedy).toBe(textSha256);
        const tokenizer = trainBPE(texts ?? [], { vocabSize, minFrequency });
        const { vocab, merges } = tokenizer.toJSON().model;
        const inOrder = Object.entries(vocab).toSorted(([, a], [, b]) => a - b);
        const ids = (texts ?? []).flatMap((text) => [...tokenizer.encode(text)]);
        expect({
          text: name,
          merges: merges.length,
          mergesSha256: sha256(merges.join("\n")),
          vocabSha256: sha256(inOrder.map(([token]) => token).join("\n")),
          ids: ids.length,
          idsSha256: sha256(new Uint8Array(new Int32Array(ids).buffer)),
        }).toEqual(expected);
      }
    });
  }
});

describe("trainBPE", () => {
  it("learns the most frequent pair first", () => {
    const { merges } = trainBPE(["low low lower"], { vocabSize: 260 }).toJSON().model;
    expect(merges).toEqual(["l o", "lo w", "Ġ low"]);
  });

  it("gives special tokens the first ids, then the bytes, then the merges", () => {
    const { vocab } = trainBPE(["aa"], { vocabSize: 259, specialTokens: ["<|endoftext|>", "<|用户|>"] }).toJSON().model;
    expect([vocab["<|endoftext|>"], vocab["<|用户|>"], vocab["!"], vocab["aa"]]).toEqual([0, 1, 2, 258]);
  });

  it("stops where nothing is left to merge", () => {
    expect(trainBPE(["ab"], { vocabSize: 5000 }).vocabSize).toBe(258);
    expect(trainBPE([], { vocabSize: 5000 }).vocabSize).toBe(257);
  });

  it("counts each text by itself, and the chunks of one text through wholeWords as the text", () => {
    const text = "a cat and a cat and a hat  and a mat";
    const chunks = text.match(/.{1,3}/g) ?? [];
    const whole = trainBPE([text], { vocabSize: 290 }).toJSON();
    expect(trainBPE(wholeWords(chunks), { vocabSize: 290 }).toJSON()).toEqual(whole);
    expect(trainBPE(chunks, { vocabSize: 290 }).toJSON()).not.toEqual(whole);
  });

  it("tells how far it is", () => {
    const seen: TrainBPEProgress[] = [];
    const texts = [...generatedStrings(300, new Lcg(1)), " ".repeat(1_000_000)];
    trainBPE(texts, { vocabSize: 600, onProgress: (progress) => seen.push(progress) });
    expect(seen[0]).toMatchObject({ phase: "count words", total: undefined });
    expect(seen.slice(1)).toEqual(
      [300, 400, 500, 600, 600].map((done) => ({ phase: "learn merges", done, total: 600 })),
    );
  });

  it("learns from one word of a megabyte without quadratic time", { timeout: 300_000 }, () => {
    const lcg = new Lcg(9);
    const text = Array.from({ length: 1_000_000 }, () => "abcd".charAt(lcg.pick(4))).join("");
    const start = process.cpuUsage().user;
    expect(trainBPE([text], { vocabSize: 1000 }).vocabSize).toBe(1000);
    expect(process.cpuUsage().user - start).toBeLessThan(40e6); // microseconds
  });

  it.each([
    ["a vocabulary smaller than the bytes", { vocabSize: 256 }],
    ["a vocabulary that is no whole number", { vocabSize: 300.5 }],
    ["a huge vocabulary", { vocabSize: 1e9 }],
    ["no vocabulary size", { vocabSize: NaN }],
    ["a negative frequency", { vocabSize: 300, minFrequency: -1 }],
    ["the same special token twice", { vocabSize: 300, specialTokens: ["<|a|>", "<|a|>"] }],
    ["an empty special token", { vocabSize: 300, specialTokens: [""] }],
    ["a special token that is a byte", { vocabSize: 300, specialTokens: ["a"] }],
    ["a special token that is spelled like bytes", { vocabSize: 300, specialTokens: ["Ġa"] }],
  ])("refuses %s", (_, options) => {
    expect(() => trainBPE(["abc"], options)).toThrow(expect.objectContaining({ code: "TRAIN_BPE_OPTIONS" }));
  });

  it("refuses a string in the place of texts", () => {
    expect(() => trainBPE("abc", { vocabSize: 300 })).toThrow("pass [text]");
  });
});

/** The texts of make_bpe_merges.py; `undefined` for one that may not be in this repository and is not there. */
function textsOf(name: string): string[] | undefined {
  if (name === "generated") return [...generatedStrings(400, new Lcg(1))];
  if (name === "a") return ["a".repeat(1000)];
  if (!name.endsWith(".txt")) {
    const lcg = new Lcg(3000);
    return [Array.from({ length: 3000 }, () => name.charAt(lcg.pick(name.length))).join("")];
  }
  const samples = fileURLToPath(new URL("../../samples/texts/", import.meta.url));
  const path = [samples, process.env["SCRATCH_LLM_TEST_DATA"] ?? samples]
    .map((folder) => join(folder, name))
    .find(existsSync);
  return path === undefined ? undefined : [readFileSync(path, "utf8")];
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex").slice(0, 32);
}
