import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { SAMPLE_SETS, SAMPLE_TEXTS } from "./index.ts";

const HAN = /\p{Script=Han}/u;

/** The entries of a JSON set. */
async function entriesOf(set: "instructions" | "preferences"): Promise<Record<string, string>[]> {
  return JSON.parse(await readFile(SAMPLE_SETS[set], "utf8")) as Record<string, string>[];
}

function counts(values: readonly (string | undefined)[]): Record<string, number> {
  return Object.fromEntries([...new Set(values)].map((one) => [one, values.filter((value) => value === one).length]));
}

describe("the texts", () => {
  it.each(["en", "zh"] as const)(
    "%s is a book of 40 to 50 kB, its paragraphs apart by an empty line",
    async (language) => {
      const text = await readFile(SAMPLE_TEXTS[language], "utf8");
      const bytes = new TextEncoder().encode(text).length;
      expect([bytes > 40_000, bytes < 50_000]).toEqual([true, true]);
      const paragraphs = text.split("\n\n");
      expect(paragraphs.length).toBeGreaterThan(200);
      expect(paragraphs.filter((paragraph) => paragraph.trim() === "" || paragraph.includes("\r"))).toEqual([]);
      expect(HAN.test(text)).toBe(language === "zh");
    },
  );
});

describe("the sets for fine-tuning", () => {
  it("have as many messages of either label as of the other, about half of them Chinese", async () => {
    const [header, ...lines] = (await readFile(SAMPLE_SETS.messages, "utf8")).trimEnd().split("\n");
    expect(header).toBe("label\ttext");
    const rows = lines.map((line) => line.split("\t"));
    expect(rows.filter((row) => row.length !== 2 || row[1] === "")).toEqual([]);
    const kinds = rows.map(([label, text = ""]) => `${label} ${HAN.test(text) ? "zh" : "en"}`);
    expect(counts(kinds)).toEqual({ "ham en": 295, "ham zh": 288, "spam en": 295, "spam zh": 288 });
  });

  it("have 240 instructions, each with an answer", async () => {
    const entries = await entriesOf("instructions");
    expect(counts(entries.map(({ language }) => language))).toEqual({ en: 120, zh: 120 });
    expect(entries.filter(({ instruction, input, output }) => !instruction || input === undefined || !output)).toEqual(
      [],
    );
  });

  it("have 120 preferences, each with two different answers", async () => {
    const entries = await entriesOf("preferences");
    expect(counts(entries.map(({ language }) => language))).toEqual({ en: 60, zh: 60 });
    expect(entries.filter(({ chosen, rejected }) => !chosen || !rejected || chosen === rejected)).toEqual([]);
  });
});
