import { expect, it } from "vitest";
import { en, type Words } from "./en.ts";
import { zh } from "./zh.ts";

type Dictionary = Readonly<Record<string, unknown>>;
const english = import.meta.glob<{ en: Dictionary }>(["./en.ts", "../tabs/*/en.ts"], { eager: true });
const chinese = import.meta.glob<{ zh: Dictionary }>(["./zh.ts", "../tabs/*/zh.ts"], { eager: true });
const FILES = Object.keys(english);

/** Words and sentences by their path; functions by what they make of letters, so that a forgotten one is seen. */
function flat(value: unknown, path = ""): [string, string][] {
  if (typeof value === "function")
    return [[path, String((value as (...parts: string[]) => string)("x", "y", "z", "u"))]];
  if (typeof value !== "object" || value === null) return [[path, String(value)]];
  return Object.entries(value).flatMap(([name, inner]) => flat(inner, `${path}.${name}`));
}

it("finds the words of the page and of every tab", () => {
  expect(FILES.length).toBe(11);
  expect(Object.keys(chinese).length).toBe(11);
});

it.each(FILES)("%s and its Chinese have the same keys", (file) => {
  const keys = (dictionary: Dictionary | undefined): string[] => flat(dictionary).map(([path]) => path);
  expect(keys(chinese[file.replace("/en.ts", "/zh.ts")]?.zh)).toEqual(keys(english[file]?.en));
});

it.each(FILES)("%s: no sentence of it stands in the Chinese one", (file) => {
  const theirs = new Map(flat(chinese[file.replace("/en.ts", "/zh.ts")]?.zh));
  const same = flat(english[file]?.en).filter(
    ([path, text]) => /[a-z]{3,} [a-z]{2,}/iu.test(text) && theirs.get(path) === text,
  );
  expect(same).toEqual([]);
});

it("a dictionary that lacks a word is no dictionary: the build, which checks types, fails", () => {
  const { title: _title, ...lacking } = zh;
  // @ts-expect-error `title` is missing; were it allowed, this comment would be an error of the build
  const words: Words = lacking;
  expect(Object.keys(en).length - Object.keys(words).length).toBe(1);
});
