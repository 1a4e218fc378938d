import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Expected } from "./as-the-writer.ts";

/** A Python that has torch and transformers; empty where there is none. */
export const PYTHON: string = process.env["SCRATCH_LLM_PYTHON"] ?? "";
/** A Python that has tensorflow and safetensors; empty where there is none. */
export const TENSORFLOW_PYTHON: string = process.env["SCRATCH_LLM_TENSORFLOW_PYTHON"] ?? "";

/** Runs a script of fixtures/gpt2-weights. @returns the last line that it prints */
export function runScript(python: string, script: string, ...args: readonly string[]): string {
  const path = fileURLToPath(new URL(`../fixtures/gpt2-weights/${script}`, import.meta.url));
  return execFileSync(python, [path, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })
    .trim()
    .split("\n")
    .at(-1)!;
}

/** What transformers sees in a folder of ours. */
export interface Seen extends Expected {
  readonly problems: Readonly<Record<string, readonly string[]>>;
  readonly ids: number[];
  readonly decoded: string;
}

/** Opens a folder with transformers, uses it with a text, and saves it again to `again`. */
export function throughTransformers(folder: string, text: string, again: string): Seen {
  return JSON.parse(runScript(PYTHON, "through_transformers.py", folder, text, again)) as Seen;
}
