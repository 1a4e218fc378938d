import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { classNames, countClasses, type LabeledText } from "./labeled-text.ts";
import { parseLabeledTexts } from "./parse-labeled-texts.ts";
import { formatRows, parseRows } from "./parse-rows.ts";
import { numpyPermutation, sample } from "./permutation.ts";
import { parseSmsSpam, readLikePandas } from "./sms-spam.ts";
import { createBalancedDataset, randomSplit } from "./split.ts";

/** What fixtures/finetune-classifier/make_data.py writes. */
const fixture = JSON.parse(
  await readFile(new URL("../../../../fixtures/finetune-classifier/data.json", import.meta.url), "utf8"),
) as {
  readonly permutations: Record<string, number[]>;
  readonly balanced: number[];
  readonly split: [number[], number[], number[]];
  readonly tsv: string;
  readonly rows: string[][];
};
const numbered = Array.from({ length: 200 }, (_, i): LabeledText => ({
  text: `${i}`,
  label: i % 7 === 3 ? "spam" : "ham",
}));
const numbersOf = (examples: readonly LabeledText[]): number[] => examples.map(({ text }) => Number(text));

describe("numpyPermutation", () => {
  it.each(Object.entries(fixture.permutations))("%s numbers come in NumPy's order", (n, expected) => {
    const order = numpyPermutation(Number(n), 123);
    expect([...order.subarray(0, expected.length)]).toEqual(expected);
    expect([...order].toSorted((a, b) => a - b)).toEqual(Array.from({ length: Number(n) }, (_, i) => i));
  });

  it("gives the positions of the book's 747 wanted messages, and of its split", () => {
    const positions = (n: number, count?: number): number[] =>
      sample(
        Array.from({ length: n }, (_, i) => i),
        123,
        count,
      );
    expect(positions(4825, 747).slice(0, 6)).toEqual([3720, 3580, 4182, 3858, 4713, 3847]);
    expect(positions(4825, 747)).toHaveLength(747);
    expect(positions(1494).slice(0, 6)).toEqual([263, 627, 887, 925, 1050, 587]);
  });
});

describe("balancing and splitting", () => {
  it("draws pandas' rows", () => {
    const balanced = createBalancedDataset(numbered);
    expect(numbersOf(balanced)).toEqual(fixture.balanced);
    const { train, val, test } = randomSplit(balanced);
    expect([train, val, test].map(numbersOf)).toEqual(fixture.split);
  });

  it("has the book's sizes for 1,494 texts", () => {
    const { train, val, test } = randomSplit(Array.from({ length: 1494 }, (_, i) => i));
    expect([train.length, val.length, test.length]).toEqual([1045, 149, 300]);
  });

  it("balances more than two classes", () => {
    const three = numbered.map((example, i) => (i % 10 === 0 ? { ...example, label: "news" } : example));
    const balanced = createBalancedDataset(three);
    expect(countClasses(balanced, ["ham", "news", "spam"])).toEqual([20, 20, 20]);
  });

  it("refuses a part without a text", () => {
    expect(() => randomSplit([1, 2, 3, 4])).toThrow("4 texts split 2 / 0 / 2");
  });
});

describe("classNames", () => {
  it("sorts names by their characters and whole numbers as numbers", () => {
    const names = (labels: string[]): string[] => classNames(labels.map((label) => ({ text: "", label })));
    expect(names(["spam", "ham", "spam"])).toEqual(["ham", "spam"]);
    expect(names(["10", "9", "-1"])).toEqual(["-1", "9", "10"]);
    expect(names(["10", "9", "x"])).toEqual(["10", "9", "x"]);
  });

  it("refuses one class", () => {
    expect(() => classNames([{ text: "a", label: "ham" }])).toThrow('1 texts, all of the class "ham"');
    expect(() => classNames([])).toThrow("no text");
  });
});

describe("parseLabeledTexts", () => {
  const two = [
    { text: 'Six, or "seven"?', label: "ham" },
    { text: "free\ngold", label: "spam" },
  ];

  it.each([
    ["CSV", 'label,text\nham,"Six, or ""seven""?"\nspam,"free\ngold"\n'],
    [
      "CSV with other columns, order, capitals, byte order mark and CRLF",
      '\uFEFFid,Text,Label\r\n1,"Six, or ""seven""?",ham\r\n2,"free\ngold",spam\r\n',
    ],
    ["TSV", 'label\ttext\nham\tSix, or "seven"?\nspam\t"free\ngold"'],
    ["JSONL", `${two.map((row) => JSON.stringify(row)).join("\n\n")}\n`],
    ["a JSON array", JSON.stringify(two)],
  ])("reads %s", (_, content) => {
    expect(parseLabeledTexts(content)).toEqual(two);
  });

  it("takes quotes of a TSV that do not come in pairs as they are", () => {
    expect(parseLabeledTexts('label\ttext\nham\t"Six\nspam\tgold" now\n')).toEqual([
      { text: '"Six', label: "ham" },
      { text: 'gold" now', label: "spam" },
    ]);
  });

  it("takes numbers for labels", () => {
    expect(parseLabeledTexts('{"text": "a", "label": 3}')).toEqual([{ text: "a", label: "3" }]);
  });

  it.each([
    ["a label that is missing", "text,label\na,x\nb,\nc,", "2 of 3 rows have no label, row 2 first"],
    ["a text that is missing", "text,label\n,x\nb,y", "1 of 2 rows have no text, row 1 first"],
    ["a field that is missing in JSON", '{"text": "a", "label": "x"}\n{"text": "b"}', "row 2 first (received nothing)"],
    ["no such column", "message,class\na,x", 'The columns are "message", "class"'],
    ["a quote that is left open", 'text,label\n"a,x\nb,y', "not valid CSV"],
    ["a row that is too short", "text,label\na", "Row 1 is not valid CSV"],
    ["broken JSON", '{"text": "a"', "Line 1 is not valid JSON"],
    ["no row", "text,label\n", "no row"],
  ])("names %s", (_, content, message) => {
    expect(() => parseLabeledTexts(content)).toThrow(message);
  });
});

describe("formatRows", () => {
  it.each([",", "\t"] as const)("is read back, columns in their order, delimiter %j", (delimiter) => {
    const rows = [
      { Text: 'Six, or "seven"?\tNo.', id: "1", label: "ham" },
      { Text: "free\ngold", id: "2", label: "spam" },
    ];
    const found = { columns: ["Text", "id", "label"], rows };
    expect(parseRows(formatRows(found, delimiter))).toEqual(found);
  });
});

describe("the SMS Spam Collection", () => {
  it("is read with pandas' rules", () => {
    expect(readLikePandas(fixture.tsv)).toEqual(fixture.rows);
  });

  it("must have its contents", () => {
    const lines = (ham: number, spam: number): string => "ham\ta\n".repeat(ham) + "spam\tb\n".repeat(spam);
    expect(parseSmsSpam(lines(4825, 747))).toHaveLength(5572);
    expect(() => parseSmsSpam(lines(4826, 746))).toThrow("5572 rows, 4826 ham and 746 spam");
  });
});
