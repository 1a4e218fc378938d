import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";

const run = promisify(execFile);
const ROOT = new URL("..", import.meta.url).pathname;

/** In the order in which they are built. */
const PACKAGES = ["nn", "tokenizer", "attention", "gpt"] as const;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "scratch-llm-packed-"));
  for (const name of PACKAGES) {
    const cwd = join(ROOT, "packages", name);
    await run("npx", ["--yes", "pnpm@10", "exec", "tsc", "-p", "tsconfig.build.json"], { cwd });
    await run("npx", ["--yes", "pnpm@10", "pack", "--pack-destination", folder], { cwd });
  }
  const tarballs = (await readdir(folder)).filter((file) => file.endsWith(".tgz")).map((file) => `./${file}`);
  await writeFile(join(folder, "package.json"), '{ "name": "empty", "private": true }');
  await run("npm", ["install", "--no-audit", "--no-fund", ...tarballs, "@tensorflow/tfjs@4.22.0"], { cwd: folder });
}, 600_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

it("installs without native TensorFlow", async () => {
  const installed = await readdir(join(folder, "node_modules", "@tensorflow"));
  expect(installed).toContain("tfjs");
  expect(installed).not.toContain("tfjs-node");
});

it.each([
  ["attention", "0.294346"],
  ["gpt", "Every effort moves you forward, and every step counts.\n"],
])("runs %s's README example in an empty folder, without a warning", async (name, expected) => {
  const readme = await readFile(join(ROOT, "packages", name, "README.md"), "utf8");
  const example = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? "";
  await writeFile(join(folder, `${name}.mjs`), example);
  const { stdout, stderr } = await run(process.execPath, [`${name}.mjs`], { cwd: folder });
  expect(stderr).toBe("");
  expect(stdout).toContain(expected);
});
