import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import type { Bench, BenchContext } from "./bench.ts";
import { median } from "./median.ts";
import { pythonWith } from "./python.ts";

const run = promisify(execFile);

/** Ours, by the flags of train-ours.ts. */
const OURS = {
  eager: ["--eager"],
  f32: [],
  bf16: ["--precision", "bf16"],
  "f32-dropout": ["--dropout", "0.1"],
  "bf16-dropout": ["--precision", "bf16", "--dropout", "0.1"],
  "f32-torch-dropout": ["--dropout", "0.1", "--masks", "torch"],
  "f32-recompute": ["--recompute", "block"],
} as const;
/** Theirs, by the modes of train_peer.py. */
type Peer = "book" | "best-f32" | "best-bf16" | "sdpa";
type Contender = keyof typeof OURS | Peer;

interface Shape {
  readonly size: "124M" | "355M";
  readonly batch: number;
  readonly context: number;
}

/** What one process, or several of one contender, measured. */
interface Measured {
  readonly ms: readonly number[];
  readonly peakRssBytes: number;
}

/** Shapes whose contenders take turns, and what becomes of their times. */
interface Piece {
  readonly shapes: readonly Shape[];
  readonly contenders: readonly Contender[];
  /** Rounds in which every contender has its turn at every shape, in the same order, in a process of its own. */
  readonly rounds: number;
  /** Steps before those that count, in each process. */
  readonly warmup: number;
  readonly steps: number;
  readonly ratios: (of: Results) => Readonly<Record<string, number>>;
}

/** Looks a result up; the shape is the piece's first one unless another is named. */
interface Results {
  readonly ms: (contender: Contender, shape?: number) => number;
  readonly rss: (contender: Contender, shape?: number) => number;
}

const SMALL: Shape = { size: "124M", batch: 2, context: 256 };
const GROWING: readonly Shape[] = [
  { ...SMALL, batch: 1 },
  { ...SMALL, batch: 1, context: 1024 },
  { ...SMALL, batch: 8 },
];
const SIDE_BY_SIDE: readonly Contender[] = ["f32", "book", "bf16", "best-f32", "best-bf16"];
/** Of large steps: each process has many GB and none but it is alive. */
const FEW = { rounds: 1, warmup: 1, steps: 3 } as const;

const PIECES: Readonly<Record<string, Piece>> = {
  headline: {
    shapes: [SMALL],
    contenders: ["f32", "book", "bf16", "best-f32", "eager", "best-bf16"],
    rounds: 2,
    warmup: 2,
    steps: 5,
    ratios: (of) => ({ ...sideBySide(of), f32VsEager: of.ms("eager") / of.ms("f32") }),
  },
  dropout: {
    shapes: [SMALL],
    contenders: ["f32", "f32-dropout", "f32-torch-dropout", "bf16", "bf16-dropout"],
    rounds: 2,
    warmup: 2,
    steps: 9, // an epoch of chapter 5
    ratios: ({ ms }) => ({
      f32Cost: ms("f32-dropout") / ms("f32"),
      bf16Cost: ms("bf16-dropout") / ms("bf16"),
      torchMasksCost: ms("f32-torch-dropout") / ms("f32-dropout"),
    }),
  },
  B4T512: { shapes: [{ ...SMALL, batch: 4, context: 512 }], contenders: SIDE_BY_SIDE, ...FEW, ratios: sideBySide },
  B1T1024: { shapes: [{ ...SMALL, batch: 1, context: 1024 }], contenders: SIDE_BY_SIDE, ...FEW, ratios: sideBySide },
  "355M": {
    shapes: [{ ...SMALL, size: "355M" }],
    contenders: ["f32", "book"],
    ...FEW,
    ratios: ({ ms, rss }) => ({ f32VsBook: ms("book") / ms("f32"), rssVsBook: rss("f32") / rss("book") }),
  },
  "growth-f32": { shapes: GROWING, contenders: ["f32", "best-f32"], ...FEW, ratios: growth("f32", "best-f32") },
  "growth-bf16": { shapes: GROWING, contenders: ["bf16", "best-bf16"], ...FEW, ratios: growth("bf16", "best-bf16") },
  recompute: {
    shapes: [{ ...SMALL, batch: 4, context: 1024 }],
    contenders: ["f32-recompute", "sdpa", "f32"],
    rounds: 1,
    warmup: 1,
    steps: 3,
    ratios: ({ ms, rss }) => ({
      timeVsKept: ms("f32-recompute") / ms("f32"),
      vsSdpa: ms("sdpa") / ms("f32-recompute"),
      rssVsSdpa: rss("f32-recompute") / rss("sdpa"),
    }),
  },
};

/**
 * Training steps beside PyTorch: random tokens, AdamW with decay 0.1, no clipping. `--shape NAME` measures one piece, without
 * it all of them; the ratios of the headline shape have plain names, those of others begin with theirs.
 */
export const bench: Bench = async (context) => {
  const { values } = parseArgs({ args: [...context.args], options: { shape: { type: "string" } }, strict: false });
  const names = values.shape === undefined ? Object.keys(PIECES) : [String(values.shape)];
  const python = await pythonWith(["torch", "llms-from-scratch==1.0.19"], context.say);
  const ratios: Record<string, number> = {};
  for (const name of names) {
    const piece = PIECES[name];
    if (!piece) throw new Error(`--shape is one of ${Object.keys(PIECES).join(", ")}, not "${name}".`);
    const measured = piece.ratios(await measurePiece(name, piece, python, context));
    for (const [ratio, value] of Object.entries(measured)) {
      ratios[name === "headline" ? ratio : `${name}.${ratio}`] = value;
    }
  }
  return ratios;
};

/** Peer time / our time: above 1 is ours faster. Memory the other way round: below 1 is ours smaller. */
function sideBySide({ ms, rss }: Results): Record<string, number> {
  return {
    f32VsBook: ms("book") / ms("f32"),
    f32VsTorchBest: ms("best-f32") / ms("f32"),
    bf16VsBook: ms("book") / ms("bf16"),
    bf16VsTorchBest: ms("best-bf16") / ms("bf16"),
    rssVsBook: rss("f32") / rss("book"),
  };
}

/** How much more a longer context and a larger batch cost: theirs / ours, above 1 ours grows less. */
function growth(ours: Contender, theirs: Contender): Piece["ratios"] {
  return ({ ms }) => {
    const grows = (contender: Contender, shape: number): number => ms(contender, shape) / ms(contender);
    return { context: grows(theirs, 1) / grows(ours, 1), batch: grows(theirs, 2) / grows(ours, 2) };
  };
}

async function measurePiece(name: string, piece: Piece, python: string, context: BenchContext): Promise<Results> {
  const runs = piece.shapes.flatMap((shape) => piece.contenders.map((contender) => ({ shape, contender })));
  const merged = new Map<string, Measured>();
  for (let round = 0; round < piece.rounds; round++) {
    for (const one of runs) {
      const measured = await measure(one, piece, python);
      const before = merged.get(keyOf(one));
      merged.set(keyOf(one), {
        ms: [...(before?.ms ?? []), ...measured.ms],
        peakRssBytes: Math.max(before?.peakRssBytes ?? 0, measured.peakRssBytes),
      });
    }
  }
  const result = (contender: Contender, shape = 0): Measured =>
    merged.get(keyOf({ contender, shape: piece.shapes[shape] as Shape })) as Measured;
  const [first] = piece.contenders as readonly [Contender];
  for (const one of runs) {
    const oursMs = median(result(first, piece.shapes.indexOf(one.shape)).ms);
    report(name, one, { measured: merged.get(keyOf(one)) as Measured, oursMs }, context);
  }
  return { ms: (...of) => median(result(...of).ms), rss: (...of) => result(...of).peakRssBytes };
}

interface Run {
  readonly shape: Shape;
  readonly contender: Contender;
}

function keyOf({ contender, shape: { size, batch, context } }: Run): string {
  return `${size} B ${batch} × T ${context} ${contender}`;
}

interface Reported {
  readonly measured: Measured;
  /** The median of the piece's first contender, which is ours. */
  readonly oursMs: number;
}

function report(piece: string, one: Run, { measured, oursMs }: Reported, { say, event }: BenchContext): void {
  const { contender, shape } = one;
  const { ms, peakRssBytes } = measured;
  const middle = median(ms);
  const ratio = middle / oursMs;
  const tokensPerSecond = (1000 * shape.batch * shape.context) / middle;
  const columns = [
    `${middle.toFixed(0).padStart(6)} ms/step`,
    `${tokensPerSecond.toFixed(0).padStart(5)} tokens/s`,
    `${(peakRssBytes / 1e9).toFixed(2).padStart(5)} GB`,
    `${ratio.toFixed(2).padStart(5)} × the time of the first`,
  ];
  say(`${keyOf(one).padEnd(34)} ${columns.join(" ")}`);
  event({ type: "measurement", piece, ...shape, contender, ms: middle, tokensPerSecond, peakRssBytes, ratio });
}

async function measure({ contender, shape }: Run, { warmup, steps }: Piece, python: string): Promise<Measured> {
  const here = import.meta.dirname;
  const sizes = { ...shape, warmup, steps };
  const flags = Object.entries(sizes).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  const tsx = createRequire(import.meta.url).resolve("tsx/cli");
  const [program, args] =
    contender in OURS
      ? [process.execPath, [tsx, join(here, "train-ours.ts"), ...OURS[contender as keyof typeof OURS]]]
      : [python, [join(here, "train_peer.py"), contender]];
  const { stdout } = await run(program, [...args, ...flags], { maxBuffer: 1e8 });
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as Measured;
}
