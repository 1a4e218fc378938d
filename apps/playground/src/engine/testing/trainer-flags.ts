import type { RunSettings } from "../protocol.ts";

const QUIET = ["--backend", "cpu", "--no-probe", "--json"];

/** The arguments by which the trainer trains the same as the page, on cpu. */
export function trainerArguments(settings: RunSettings, more: readonly string[]): string[] {
  const flat = (value: object, path: string): string[] =>
    Object.entries(value).flatMap(([name, inner]) => {
      const at = path === "" ? name : `${path}.${name}`;
      return typeof inner === "object" ? flat(inner, at) : ["--set", `${at}=${JSON.stringify(inner)}`];
    });
  return ["train", "pretrain", ...QUIET, ...flat(settings, ""), ...more];
}

/** The arguments by which it goes on with a run. */
export function resumeArguments(folder: string): string[] {
  return ["train", "pretrain", ...QUIET, "--resume", folder];
}
