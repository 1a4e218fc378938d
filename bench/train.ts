import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Bench, BenchContext } from "./bench.ts";
import { median } from "./median.ts";
import { pythonWith } from "./python.ts";

const run = promisify(execFile);

/** What one process measured. */
interface Measured {
  readonly ms: readonly number[];
  readonly losses: readonly number[];
  readonly peakRssBytes: number;
}

/** Who trains: ours, one way or another, or the peer's modes in train_peer.py. */
const OURS = ["eager", "f32", "bf16"] as const;
const PEERS = ["book", "best-f32", "best-bf16"] as const;
type Contender = (typeof OURS)[number] | (typeof PEERS)[number];

interface Shape {
  readonly size: "124M" | "355M";
  readonly batch: number;
  readonly context: number;
  readonly dropout: number;
  readonly contenders: readonly Contender[];
}

const ALL: readonly Contender[] = ["f32", "book", "bf16", "best-f32", "eager", "best-bf16"];
const NO_EAGER = ALL.filter((contender) => contender !== "eager");
const HEADLINE: Shape = { size: "124M", batch: 2, context: 256, dropout: 0, contenders: ALL };

/** `pnpm bench train` measures the headline shape; with `all`, every one. */
const SHAPES: readonly Shape[] = [
  HEADLINE,
  { ...HEADLINE, dropout: 0.1, contenders: ["f32", "bf16"] },
  { ...HEADLINE, batch: 4, context: 512, contenders: NO_EAGER },
  { ...HEADLINE, batch: 1, context: 1024, contenders: NO_EAGER },
  { ...HEADLINE, size: "355M", contenders: ["f32", "book"] },
];

/** Rounds in which every contender has its turn, in the same order. */
const ROUNDS = 2;
const WARMUP = 3;
const STEPS = 6;

/** Training steps beside PyTorch: random tokens, AdamW with decay 0.1, no clipping; each contender in a process of its own. */
export const bench: Bench = async (context) => {
  const python = await pythonWith(["torch", "llms-from-scratch==1.0.19"], context.say);
  const shapes = context.args.includes("all") ? SHAPES : [HEADLINE];
  let headline: Record<string, number> = {};
  for (const shape of shapes) {
    const results = await measureShape(shape, python, context);
    if (shape === HEADLINE) headline = ratiosOf(results);
  }
  return headline;
};

async function measureShape(
  shape: Shape,
  python: string,
  { say, event }: BenchContext,
): Promise<Map<Contender, Measured>> {
  const { size, batch, context, dropout } = shape;
  say(`${size}, batch ${batch} × context ${context}, dropout ${dropout}`);
  const merged = new Map<Contender, Measured>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const contender of shape.contenders) {
      const measured = await measure(contender, shape, python);
      const before = merged.get(contender);
      merged.set(contender, {
        ms: [...(before?.ms ?? []), ...measured.ms],
        losses: measured.losses,
        peakRssBytes: Math.max(before?.peakRssBytes ?? 0, measured.peakRssBytes),
      });
    }
  }
  for (const [contender, { ms, peakRssBytes }] of merged) {
    const middle = median(ms);
    const tokensPerSecond = (1000 * batch * context) / middle;
    say(
      `  ${contender.padEnd(10)} ${middle.toFixed(0).padStart(6)} ms/step ${tokensPerSecond.toFixed(0).padStart(6)} tokens/s ` +
        `${(peakRssBytes / 1e9).toFixed(2)} GB`,
    );
    event({ type: "measurement", ...shape, contender, ms: middle, tokensPerSecond, peakRssBytes });
  }
  return merged;
}

async function measure(contender: Contender, shape: Shape, python: string): Promise<Measured> {
  const { size, batch, context, dropout } = shape;
  const here = import.meta.dirname;
  const isOurs = (OURS as readonly string[]).includes(contender);
  const tsx = createRequire(import.meta.url).resolve("tsx/cli");
  const numbers = [batch, context, dropout, WARMUP, STEPS].map(String);
  const flags = ["--size", size, "--batch", `${batch}`, "--context", `${context}`, "--dropout", `${dropout}`];
  const [program, args] = isOurs
    ? [process.execPath, [tsx, join(here, "train-ours.ts"), contender, size, ...numbers]]
    : [python, [join(here, "train_peer.py"), contender, ...flags, "--warmup", `${WARMUP}`, "--steps", `${STEPS}`]];
  const { stdout } = await run(program, args, { maxBuffer: 1e8 });
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as Measured;
}

/** Peer time / our time: above 1 is ours faster. */
function ratiosOf(results: ReadonlyMap<Contender, Measured>): Record<string, number> {
  const ms = (contender: Contender): number => median(results.get(contender)!.ms);
  const rss = (contender: Contender): number => results.get(contender)!.peakRssBytes;
  return {
    f32VsBook: ms("book") / ms("f32"),
    f32VsTorchBest: ms("best-f32") / ms("f32"),
    bf16VsBook: ms("book") / ms("bf16"),
    bf16VsTorchBest: ms("best-bf16") / ms("bf16"),
    f32VsEager: ms("eager") / ms("f32"),
    rssVsBook: rss("f32") / rss("book"),
  };
}
