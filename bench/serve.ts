import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import type { Bench } from "./bench.ts";
import { median } from "./median.ts";
import { modelFolder } from "./model-folder.ts";
import { pythonWith } from "./python.ts";

const MAIN = new URL("../apps/trainer/dist/main.js", import.meta.url).pathname;
/** Tokens of a short answer: rows come and go all the time. */
const SHORT = 20;
/** Tokens of a long answer, by eight clients of which the first ones get shorter ones: then a row leaves and one joins every 20 steps. */
const LONG = 160;
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
 * Tokens per second of clients together over those of one: continuous batching at work. Many clients with short answers, and
 * eight with long ones, of which one ends every 20 tokens.
 * Arguments: `--model FOLDER` (else a random GPT-2 124M), `--clients 64`, `--slots 16`, `--rounds 3`, `--only NAME`.
 */
export const bench: Bench = async ({ args, say, event }) => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      model: { type: "string" },
      only: { type: "string" },
      clients: { type: "string", default: "64" },
      slots: { type: "string", default: "16" },
      rounds: { type: "string", default: "3" },
    },
  });
  const model = values.model ?? (await modelFolder(await pythonWith(["torch", "transformers"], say)));
  const clients = Number(values.clients);
  const ratios: Record<string, number> = {};
  for (const [name, flags] of Object.entries(CONTENDERS)) {
    if (values.only !== undefined && values.only !== name) continue;
    const server = await start([...flags, "--model", model, "--slots", values.slots]);
    const loads = {
      one: { clients: 1, requests: 12, tokens: () => SHORT },
      many: { clients, requests: clients, tokens: () => SHORT },
      oneLong: { clients: 1, requests: 2, tokens: () => LONG },
      joins: { clients: 8, requests: 24, tokens: (i: number) => Math.min(20 * (i + 1), LONG) },
    };
    await together(server, { ...loads.one, requests: 2 }); // warm
    const measured: Record<string, number[]> = {};
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const [load, how] of Object.entries(loads)) (measured[load] ??= []).push(await together(server, how));
    }
    server.process.kill();
    const [one = 0, many = 0, oneLong = 0, joins = 0] = Object.values(measured).map(median);
    say(`${name}: one client ${one.toFixed(1)} tokens/s, ${clients} clients ${many.toFixed(1)} tokens/s`);
    say(`${name}: long answers ${oneLong.toFixed(1)}, eight with a join every 20 tokens ${joins.toFixed(1)} tokens/s`);
    event({ type: "serve", name, clients, slots: Number(values.slots), ...measured });
    ratios[`${name}Clients${clients}VsOne`] = many / one;
    ratios[`${name}JoinsVsOne`] = joins / oneLong;
  }
  return ratios;
};

async function start(flags: readonly string[]): Promise<Server> {
  const args = [MAIN, "serve", "--json", "--port", "0", ...flags];
  const process_ = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: process_.stdout })) {
    const said = JSON.parse(line) as { type: string; url: string; message: string };
    if (said.type === "listening") return { url: said.url, process: process_ };
    if (said.type === "error") throw new Error(said.message);
  }
  throw new Error("The server has ended: its last words are above.");
}

/** What clients ask of a server. */
interface Load {
  readonly clients: number;
  readonly requests: number;
  /** Tokens of an answer, by the number of its request. */
  readonly tokens: (request: number) => number;
}

/** Tokens per second of a load. No answer may be lost, or shorter than it was to be. */
async function together({ url }: Server, { clients, requests, tokens }: Load): Promise<number> {
  let next = 0;
  let total = 0;
  const client = async (): Promise<void> => {
    while (next < requests) {
      const request = next++;
      const prompt = WORDS.slice(0, 2 + ((request * 5) % (WORDS.length - 1))).join(" ");
      const wish = { prompt, max_tokens: tokens(request), min_tokens: tokens(request), temperature: 0 };
      const answer = await fetch(`${url}/v1/completions`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(wish),
      });
      if (!answer.ok) throw new Error(await answer.text());
      const { usage } = (await answer.json()) as { usage: { completion_tokens: number } };
      if (usage.completion_tokens !== wish.max_tokens)
        throw new Error(`An answer has ${usage.completion_tokens} tokens.`);
      total += usage.completion_tokens;
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: clients }, client));
  return total / ((performance.now() - started) / 1000);
}
