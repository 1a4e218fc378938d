import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "@scratch-llm/backend/node";
import { gpt2Tokenizer } from "@scratch-llm/tokenizer";

const run = promisify(execFile);

/** A folder with GPT-2 124M, random weights, as transformers saves it; made the first time. */
export async function modelFolder(python: string): Promise<string> {
  const folder = join(cacheFolder(), "bench-gpt2-124M");
  if (!existsSync(join(folder, "model.safetensors"))) {
    await run(python, [join(import.meta.dirname, "load_peer.py"), "save", folder]);
  }
  await writeFile(join(folder, "tokenizer.json"), JSON.stringify((await gpt2Tokenizer()).toJSON()));
  return folder;
}
