import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import type { Bench } from "./bench.ts";
import { median } from "./median.ts";
import { modelFolder } from "./model-folder.ts";
import { pythonWith } from "./python.ts";

const MAIN = new URL("../apps/trainer/dist/main.js", import.meta.url).pathname;
/** Tokens of an answer: with 8 slots a row joins or leaves every two or three steps. */
const TOKENS = 20;
/** Requests of one client alone in a round. */
const ALONE = 12;
/** The words of prompts of different lengths. */
const WORDS = "Every effort moves you one step further along the road that you did not know you were on".split(" ");

/** What `scratch-llm serve` runs on. */
const CONTENDERS: Readonly<Record<string, readonly string[]>> = {
  "onnx-f32": ["--runtime", "onnx"],
  "onnx-int8": ["--runtime", "onnx", "--quantize", "int8"],
  tfjs: ["--runtime", "tfjs"],
};

interface Server {
  readonly url: string;
  readonly process: ChildProcess;
}

/**
 * Tokens per second of many clients together over those of one: continuous batching at work.
 * Arguments: `--model FOLDER` (else a random GPT-2 124M), `--clients 64`, `--slots 8`, `--rounds 3`, `--only NAME`.
 */
export const bench: Bench = async ({ args, say, event }) => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      model: { type: "string" },
      only: { type: "string" },
      clients: { type: "string", default: "64" },
      slots: { type: "string", default: "8" },
      rounds: { type: "string", default: "3" },
    },
  });
  const model = values.model ?? (await modelFolder(await pythonWith(["torch", "transformers"], say)));
  const clients = Number(values.clients);
  const ratios: Record<string, number> = {};
  for (const [name, flags] of Object.entries(CONTENDERS)) {
    if (values.only !== undefined && values.only !== name) continue;
    const server = await start([...flags, "--model", model, "--slots", values.slots]);
    await together(server, 1, 2); // warm
    const alone: number[] = [];
    const many: number[] = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      alone.push(await together(server, 1, ALONE));
      many.push(await together(server, clients, clients));
    }
    server.process.kill();
    const [one, all] = [median(alone), median(many)];
    say(`${name}: one client ${one.toFixed(1)} tokens/s, ${clients} clients ${all.toFixed(1)} tokens/s`);
    event({ type: "serve", name, clients, slots: Number(values.slots), alone, many });
    ratios[`${name}Clients${clients}VsOne`] = all / one;
  }
  return ratios;
};

async function start(flags: readonly string[]): Promise<Server> {
  const args = [MAIN, "serve", "--json", "--port", "0", ...flags];
  const process_ = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: process_.stdout })) {
    const said = JSON.parse(line) as { type: string; url: string };
    if (said.type === "listening") return { url: said.url, process: process_ };
  }
  throw new Error("The server has ended: its last words are above.");
}

/** Sends requests from so many clients at once: their tokens per second. None may be lost. */
async function together({ url }: Server, clients: number, requests: number): Promise<number> {
  let next = 0;
  let tokens = 0;
  const client = async (): Promise<void> => {
    while (next < requests) {
      const prompt = WORDS.slice(0, 2 + ((next++ * 5) % (WORDS.length - 1))).join(" ");
      const answer = await fetch(`${url}/v1/completions`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ prompt, max_tokens: TOKENS, temperature: 0 }),
      });
      if (!answer.ok) throw new Error(await answer.text());
      tokens += ((await answer.json()) as { usage: { completion_tokens: number } }).usage.completion_tokens;
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: clients }, client));
  return tokens / ((performance.now() - started) / 1000);
}
