import { createHash } from "node:crypto";
import { appendFile, mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { AnswerStore } from "../judge/score-responses.ts";

/** A line of the file. */
interface Line {
  /** Hash of who answers and the prompt. */
  readonly key: string;
  readonly answer: string;
}

/**
 * Keeps answers in a file, one JSON object per line, each written as soon as it is there, so that nobody is asked twice. What
 * another has answered, or the same one to another prompt, is never taken for an answer.
 *
 * @param who names the model that answers and whatever else its answers depend on
 * @example
 * const store = await openAnswerFile("verdicts.jsonl", "llama3");
 * await scoreResponses(responses, { query, store });
 */
export async function openAnswerFile(path: string, who: string): Promise<AnswerStore> {
  const keyOf = (prompt: string): string =>
    createHash("sha256")
      .update(JSON.stringify([who, prompt]))
      .digest("hex");
  await mkdir(dirname(path), { recursive: true });
  const text = await readFile(path, "utf8").catch(() => "");
  const answers = new Map(text.split("\n").flatMap((line) => readLine(line)));
  let writing = text === "" || text.endsWith("\n") ? Promise.resolve() : appendFile(path, "\n"); // a line cut short
  return {
    get: (prompt) => answers.get(keyOf(prompt)),
    set: (prompt, answer) => {
      const line: Line = { key: keyOf(prompt), answer };
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
