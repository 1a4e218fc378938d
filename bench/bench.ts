/**
 * `pnpm bench NAME [--json] …`: each benchmark runs a peer beside us, interleaved, in one run, and prints the ratio.
 * The last line of `--json` is `{"type":"done","ratios":{…}}`.
 */

export interface BenchContext {
  /** Everything after the benchmark's name. */
  readonly args: readonly string[];
  /** A line for people (stderr with `--json`). */
  readonly say: (line: string) => void;
  /** A measurement for programs. */
  readonly event: (event: { readonly type: string } & Readonly<Record<string, unknown>>) => void;
}

/** A benchmark: measures, reports as it goes, and answers with its ratios (ours / peer, above 1 is ours better). */
export type Bench = (context: BenchContext) => Promise<Readonly<Record<string, number>>>;

const BENCHES: Readonly<Record<string, () => Promise<{ readonly bench: Bench }>>> = {
  decode: () => import("./decode.ts"),
  load: () => import("./load.ts"),
  serve: () => import("./serve.ts"),
  train: () => import("./train.ts"),
};

const [name = "", ...args] = process.argv.slice(2).filter((arg) => arg !== "--json");
const load = BENCHES[name];
if (load === undefined) {
  console.error(`Usage: pnpm bench NAME [--json], NAME one of: ${Object.keys(BENCHES).join(", ")}`);
  process.exit(2);
}
const json = process.argv.includes("--json");
const say = (line: string): void => (json ? console.error(line) : console.log(line));
const event = (entry: object): void => {
  if (json) console.log(JSON.stringify(entry));
};
const ratios = await (await load()).bench({ args, say, event });
for (const [ratio, value] of Object.entries(ratios)) say(`${ratio}: ${value.toFixed(2)}`);
event({ type: "done", ratios });
