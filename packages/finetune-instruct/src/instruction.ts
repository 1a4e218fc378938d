import { InstructionDataError } from "./errors.ts";

/** What a model is asked to do. */
export interface Task {
  readonly instruction: string;
  /** What the instruction is about; may be empty. */
  readonly input: string;
}

/** A task and the answer to learn (section 7.2). */
export interface Instruction extends Task {
  readonly output: string;
}

/** A task with a better and a worse answer (the DPO notebook of chapter 7). */
export interface Preference extends Task {
  readonly chosen: string;
  readonly rejected: string;
}

/**
 * Reads a data set from the text of a file: a JSON array, or one JSON object per line (JSONL).
 * @throws InstructionDataError naming the line or the place where the text is no JSON
 */
export function parseEntries(text: string): unknown[] {
  if (text.trimStart().startsWith("[")) return parseJson(text, "The data") as unknown[];
  const lines = text.split("\n").map((line, i) => ({ line: line.trim(), number: i + 1 }));
  return lines.filter(({ line }) => line !== "").map(({ line, number }) => parseJson(line, `Line ${number}`));
}

/**
 * Makes sure that every entry is an instruction; a missing `input` counts as empty.
 * @throws InstructionDataError naming the first entry and field that is not text
 */
export function checkInstructions<T extends object>(entries: readonly T[]): (T & Instruction)[] {
  return checkFields(entries, ["instruction", "output"]) as (T & Instruction)[];
}

/**
 * Makes sure that every entry is a preference; a missing `input` counts as empty.
 * @throws InstructionDataError naming the first entry and field that is not text
 */
export function checkPreferences<T extends object>(entries: readonly T[]): (T & Preference)[] {
  return checkFields(entries, ["instruction", "chosen", "rejected"]) as (T & Preference)[];
}

function checkFields(entries: readonly unknown[], required: readonly string[]): object[] {
  if (entries.length === 0) throw new InstructionDataError("The data has no entry: give at least one.");
  return entries.map((entry, i) => {
    const fields: Record<string, unknown> = { input: "", ...(entry as object) };
    for (const field of [...required, "input"]) {
      if (typeof fields[field] === "string") continue;
      throw new InstructionDataError(
        `Entry ${i + 1} has no text in "${field}" (received ${JSON.stringify(fields[field])}); ` +
          `every entry needs ${required.join(", ")} and may have input.`,
      );
    }
    return fields;
  });
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InstructionDataError(`${what} is no JSON (${reason}): give a JSON array or one object per line.`, {
      cause,
    });
  }
}
