import { createHash } from "node:crypto";
import { appendFile, mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { VerdictStore } from "../judge/score-responses.ts";

/** A line of the file. */
interface Line {
  /** Hash of judge and prompt. */
  readonly key: string;
  readonly judge: string;
  readonly answer: string;
}

/**
 * Keeps a judge's answers in a file, one JSON object per line, each written as soon as it is there. What another judge has
 * said, or the same one of another response, is never taken for an answer.
 *
 * @param judge names the judge, such as its model and address
 * @example
 * const store = await openVerdictFile("verdicts.jsonl", "llama3");
 * await scoreResponses(responses, { query, store });
 */
export async function openVerdictFile(path: string, judge: string): Promise<VerdictStore> {
  const keyOf = (prompt: string): string =>
    createHash("sha256")
      .update(JSON.stringify([judge, prompt]))
      .digest("hex");
  await mkdir(dirname(path), { recursive: true });
  const text = await readFile(path, "utf8").catch(() => "");
  const answers = new Map(text.split("\n").flatMap((line) => readLine(line)));
  let writing = text === "" || text.endsWith("\n") ? Promise.resolve() : appendFile(path, "\n"); // a line cut short
  return {
    get: (prompt) => answers.get(keyOf(prompt)),
    set: (prompt, answer) => {
      const line: Line = { key: keyOf(prompt), judge, answer };
      answers.set(line.key, answer);
      writing = writing.then(() => appendFile(path, `${JSON.stringify(line)}\n`));
      return writing;
    },
  };
}

/** A line that a crash has cut short counts for nothing. */
function readLine(line: string): [string, string][] {
  try {
    const { key, answer } = JSON.parse(line) as Line;
    return [[key, answer]];
  } catch {
    return [];
  }
}
