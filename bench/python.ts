import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "@scratch-llm/backend/node";

const run = promisify(execFile);

/**
 * A Python with the given packages: the one that SCRATCH_LLM_BENCH_PYTHON names, else a virtual environment in the user's
 * cache, made the first time.
 */
export async function pythonWith(packages: readonly string[], say: (line: string) => void): Promise<string> {
  const given = process.env["SCRATCH_LLM_BENCH_PYTHON"];
  if (given !== undefined) return given;
  const folder = join(cacheFolder(), "bench-venv");
  const python = join(folder, "bin", "python");
  if (!existsSync(python)) await run("python3", ["-m", "venv", folder]);
  say(`Installing ${packages.join(", ")} for the peer, the first time`);
  await run(python, ["-m", "pip", "install", "--quiet", ...packages]);
  return python;
}
