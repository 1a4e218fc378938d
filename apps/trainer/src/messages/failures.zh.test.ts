import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { FAILURES } from "./failures.zh.ts";

/** Codes that only someone who writes a program meets, and those whose messages the trainer has in Chinese itself. */
const NOT_EXPLAINED = [
  "COMPILE_BAD_RESULT",
  "COMPILE_DISPOSED",
  "COMPILE_ESCAPED_TENSOR",
  "COMPILE_FOREIGN_TENSOR",
  "COMPILE_UNSUPPORTED_OP",
  "COMPILE_VALUE_READ",
  "COMPILE_VARIABLE_CHANGED",
  "ENTRY_INVALID",
  "NN_SHAPE",
  "NUM_HEADS",
  "SLOT",
  "TOKEN_SHARDS",
  "UNKNOWN_TOKEN",
  "ADDRESS",
  "MODEL_THREAD",
];

/** The codes of the error classes in the sources: one of a class's own, or a list of them. */
function codesIn(source: string): string[] {
  const lists = [...source.matchAll(/type \w+ErrorCode =([^;]+);/gu)].map(([, list]) => list);
  const single = [...source.matchAll(/readonly code = ("\w+");/gu)].map(([, code]) => code);
  return [...lists, ...single].flatMap((text) => [...text!.matchAll(/"(\w+)"/gu)].map(([, code]) => code!));
}

it("has a sentence for every code of an error that a user can meet", () => {
  const packages = fileURLToPath(new URL("../../../../packages", import.meta.url));
  const folders = [
    ...readdirSync(packages).map((name) => join(packages, name, "src")),
    join(import.meta.dirname, ".."),
  ];
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join(folder, name)),
  );
  const codes = new Set(files.flatMap((file) => codesIn(readFileSync(file, "utf8"))));
  expect(codes.size).toBeGreaterThan(80);
  const known = [...Object.keys(FAILURES), ...NOT_EXPLAINED];
  expect([...codes].filter((code) => !known.includes(code))).toEqual([]);
  const elsewhere = /^(?:commander\.|E[A-Z]+$|UNEXPECTED$)/u; // of commander and of the system
  expect(known.filter((code) => !codes.has(code) && !elsewhere.test(code))).toEqual([]);
});

it("says in plain Chinese what is wrong", () => {
  for (const sentence of Object.values(FAILURES)) expect(sentence).toMatch(/^[^。]*\p{Script=Han}[^。]*。$/u);
});
