import { mkdir, mkdtemp, readdir, rm, stat, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { saveHuggingFaceFolder } from "@scratch-llm/weights-loader/node";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { tinyModel } from "../test/tiny-server.ts";
import { exportedFolder } from "./exported-model.ts";
import { en } from "./messages/en.ts";
import { Output } from "./output.ts";

const context = { output: new Output({ json: false, quiet: true }), messages: en, backend: "cpu" } as const;

let folder: string;
let cache: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "exported-"));
  cache = join(folder, "scratch-llm", "onnx");
  vi.stubEnv("XDG_CACHE_HOME", folder);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

it("a model is exported once, and again when its weights have changed; four stay, and nothing unfinished", async () => {
  const path = join(folder, "model");
  await saveHuggingFaceFolder(path, await tinyModel());
  const first = await exportedFolder(path, "none", context);
  const written = (await stat(join(first, "onnx", "decoder.onnx"))).mtimeMs;
  expect(await exportedFolder(path, "none", context)).toBe(first);
  expect((await stat(join(first, "onnx", "decoder.onnx"))).mtimeMs).toBe(written);

  const long = new Date(Date.now() - 24 * 3_600_000);
  for (const [name, at] of [
    ["0123.left", long],
    ["0123.busy", new Date()],
  ] as const) {
    await mkdir(join(cache, name));
    await utimes(join(cache, name), at, at);
  }
  await utimes(first, long, long);
  const all: string[] = [];
  for (const time of [1000, 2000, 3000, 4000]) {
    await utimes(join(path, "model.safetensors"), time, time);
    all.push(await exportedFolder(path, "none", context));
  }
  expect(new Set(all).size).toBe(4);
  const names = all.map((one) => one.slice(cache.length + 1));
  expect((await readdir(cache)).toSorted()).toEqual([...names, "0123.busy"].toSorted());
});
