import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Bench } from "./bench.ts";
import { median } from "./median.ts";
import { modelFolder } from "./model-folder.ts";
import { pythonWith } from "./python.ts";

const run = promisify(execFile);

interface Measured {
  readonly ids: readonly number[];
  readonly peakRssBytes: number;
  readonly loadMs?: number;
  readonly totalMs: number;
}

/** Rounds in which both have their turn, after one that warms the page cache. */
const ROUNDS = 5;

/** From the start of the process to the first token of GPT-2 124M, beside transformers. */
export const bench: Bench = async ({ say, event }) => {
  const python = await pythonWith(["torch", "transformers"], say);
  const peer = join(import.meta.dirname, "load_peer.py");
  const folder = await modelFolder(python);
  const ours: Measured[] = [];
  const theirs: Measured[] = [];
  const script = join(import.meta.dirname, "load-ours.mjs");
  for (let round = 0; round <= ROUNDS; round++) {
    const [our, their] = [
      await measure(process.execPath, [script, folder]),
      await measure(python, [peer, "first", folder]),
    ];
    if (our.ids.join() !== their.ids.join()) say(`Different tokens: ${our.ids.join()} and ${their.ids.join()}`);
    if (round === 0) continue;
    ours.push(our);
    theirs.push(their);
  }
  const { size: weights } = await stat(join(folder, "model.safetensors"));
  const middle = (all: readonly Measured[], key: "totalMs" | "loadMs" | "peakRssBytes"): number =>
    median(all.map((one) => one[key] ?? Number.NaN));
  const numbers = {
    oursMs: middle(ours, "totalMs"),
    transformersMs: middle(theirs, "totalMs"),
    bytesToTensorsMs: middle(ours, "loadMs"),
    oursPeakRssBytes: middle(ours, "peakRssBytes"),
    transformersPeakRssBytes: middle(theirs, "peakRssBytes"),
    weightBytes: weights,
  };
  for (const [name, value] of Object.entries(numbers)) say(`${name}: ${value.toFixed(0)}`);
  event({ type: "measurement", ...numbers });
  return { firstTokenVsTransformers: numbers.transformersMs / numbers.oursMs };
};

async function measure(program: string, args: readonly string[]): Promise<Measured> {
  const begin = performance.now();
  const { stdout } = await run(program, args);
  return { ...JSON.parse(stdout.trim().split("\n").at(-1)!), totalMs: performance.now() - begin };
}
