import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";

const run = promisify(execFile);
const ROOT = new URL("..", import.meta.url).pathname;
const BIN = join(ROOT, "node_modules", ".bin");

/** In the order in which they are built, with what the first example of each README prints. */
const PRINTED = {
  safetensors: "head.weight BF16 [ 2, 3 ] Float32Array(6) [ 1, 2, 3, 4, 5, 6 ]",
  samples: "en The Harbour Clock",
  nn: "19 0.016",
  backend: undefined, // downloads native TensorFlow
  tokenizer: "\nthat cat\n",
  dataloader: "[262, 3726, 612, 373 ]",
  attention: "0.294346",
  gpt: "Every effort moves you forward, and every step counts.\n",
  pretrain: "She sells sea shells",
  lora: "",
  "finetune-classifier": "label: 'fruit'",
  "finetune-instruct": "\nIt is Rome.\n",
  "weights-loader": undefined, // downloads a model
  onnx: undefined, // needs ONNX Runtime
} as const;
const PACKAGES = Object.keys(PRINTED);

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "scratch-llm-packed-"));
  for (const name of PACKAGES) {
    const cwd = join(ROOT, "packages", name);
    await rm(join(cwd, "dist"), { recursive: true, force: true }); // of a file that has gone
    await run("npx", ["--yes", "pnpm@10", "exec", "tsc", "-p", "tsconfig.build.json"], { cwd });
    await run("npx", ["--yes", "pnpm@10", "pack", "--pack-destination", folder], { cwd });
  }
  const tarballs = (await readdir(folder)).filter((file) => file.endsWith(".tgz")).map((file) => `./${file}`);
  await writeFile(join(folder, "package.json"), '{ "name": "empty", "private": true }');
  await run("npm", ["install", "--no-audit", "--no-fund", ...tarballs, "@tensorflow/tfjs@4.22.0"], { cwd: folder });
  for (const name of PACKAGES) {
    for (const [i, example] of (await examplesOf(name)).entries()) {
      await writeFile(join(folder, `${name}-${i}.mts`), example);
    }
  }
}, 900_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The code blocks of a package's README. */
async function examplesOf(name: string): Promise<string[]> {
  const readme = await readFile(join(ROOT, "packages", name, "README.md"), "utf8");
  return Array.from(readme.matchAll(/```[jt]s\n(.*?)```/gs), ([, code = ""]) => code);
}

it("installs without native TensorFlow", async () => {
  const installed = await readdir(join(folder, "node_modules", "@tensorflow"));
  expect(installed).toContain("tfjs");
  expect(installed).not.toContain("tfjs-node");
});

it.each(PACKAGES)("brings the sources that %s's source maps name", async (name) => {
  const dist = join(folder, "node_modules", "@scratch-llm", name, "dist");
  const missing: string[] = [];
  for (const file of await readdir(dist, { recursive: true })) {
    if (!file.endsWith(".map")) continue;
    const { sources } = JSON.parse(await readFile(join(dist, file), "utf8")) as { sources: string[] };
    missing.push(...sources.filter((source) => !existsSync(join(dist, dirname(file), source))));
  }
  expect(missing).toEqual([]);
});

it("has READMEs whose examples fit the types", async () => {
  const options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2023"];
  const types = ["--types", "node", "--typeRoots", join(ROOT, "node_modules", "@types")];
  const examples = (await readdir(folder)).filter((file) => file.endsWith(".mts"));
  const checking = run(join(BIN, "tsc"), [...options, ...types, ...examples], { cwd: folder });
  const { stdout } = await checking.catch((error: { stdout: string }) => error);
  expect(stdout).toBe("");
});

it.each(Object.entries(PRINTED).filter(([, printed]) => printed !== undefined))(
  "runs %s's README example in an empty folder, without a warning",
  async (name, printed) => {
    const { stdout, stderr } = await run(join(BIN, "tsx"), [`${name}-0.mts`], { cwd: folder });
    expect(stderr).toBe("");
    expect(stdout).toContain(printed);
  },
);
