/**
 * Our side of `pnpm bench decode`, in a process of its own: loads a model folder, says so, and answers each line of JSON on
 * stdin, a `Task`, with an `Answer`.
 *
 *     tsx bench/decode-ours.ts eager|compiled FOLDER
 */
import { createInterface } from "node:readline";
import { compile, useBackend } from "@scratch-llm/backend/node";
import { CompiledDecoder, type Decoder, generate, ModelDecoder } from "@scratch-llm/gpt";
import { loadModelFolder } from "@scratch-llm/weights-loader/node";
import type { Answer, Task } from "./decode.ts";

/** How each mode decodes. */
const MODES: Readonly<Record<string, (folder: string) => Promise<Decoder>>> = {
  eager: async (folder) => {
    await useBackend("native");
    const { model } = await loadModelFolder(folder);
    return new ModelDecoder(model.eval());
  },
  compiled: async (folder) => {
    await useBackend("native");
    const { model } = await loadModelFolder(folder);
    return new CompiledDecoder(model.eval(), { compile });
  },
};

const [mode = "eager", folder = ""] = process.argv.slice(2);
const begin = performance.now();
const decoder = await MODES[mode]!(folder);
console.log(JSON.stringify({ loadMs: performance.now() - begin }));

for await (const line of createInterface({ input: process.stdin })) console.log(JSON.stringify(await answer(line)));

async function answer(line: string): Promise<Answer> {
  const { prompts, tokens } = JSON.parse(line) as Task;
  const ids: number[][] = prompts.map(() => []);
  const rows = prompts.map((prompt) => Int32Array.from(prompt));
  const started = performance.now();
  let firstMs: number | undefined;
  for await (const { row, id } of generate(decoder, rows, { maxNewTokens: tokens })) {
    firstMs ??= performance.now() - started;
    ids[row]?.push(id);
  }
  const ms = performance.now() - started;
  return { ids, ms, firstMs: firstMs ?? ms, peakRssBytes: process.resourceUsage().maxRSS * 1024 };
}
