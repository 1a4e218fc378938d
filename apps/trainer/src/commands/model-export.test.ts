// `model export` through the built command line.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Ended, eventsOf, runTrainer } from "@test/run-trainer.ts";
import { saveHuggingFaceFolder } from "@scratch-llm/weights-loader/node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { tinyModel } from "../../test/tiny-server.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "model-export-"));
  await saveHuggingFaceFolder(join(folder, "small"), await tinyModel());
});
afterAll(() => rm(folder, { recursive: true }));

const exported = (...args: string[]): Promise<Ended> =>
  runTrainer(["model", "export", "small", ...args, "--backend", "cpu"], { cwd: folder });

it("tells the error of every tensor that is rounded, and the largest in the card", async () => {
  const { code, stdout, stderr } = await exported("deploy", "--format", "onnx", "--quantize", "int8", "--json");
  expect(code, stderr).toBe(0);
  const events = eventsOf(stdout);
  expect(events.at(-1)).toEqual({ type: "done", path: "deploy", format: "onnx", quantize: "int8" });
  const errors = events.filter(({ type }) => type === "tensor");
  expect(errors.map(({ name }) => name)).toContain("trfBlocks.0.ff.layers.0.weight");
  const largest = Math.max(...errors.map(({ relativeError }) => Number(relativeError)));
  expect(largest).toBeGreaterThan(0);
  const card = await readFile(join(folder, "deploy", "README.md"), "utf8");
  expect(card).toContain(`Weights are int8; the largest error is ${(100 * largest).toFixed(2)} %`);
});

it.each([
  [
    ["--format", "hf", "--quantize", "int8"],
    "Error: --quantize int8 does not go with --format hf: leave one of them out.",
  ],
  [["--format", "onnx", "--dtype", "F16"], "Error: --dtype F16 does not go with --format onnx: leave one of them out."],
  [
    ["--format", "gguf", "--quantize", "int4", "--lang", "zh"],
    "错误：--quantize int4 不能与 --format gguf 一起用：请去掉其中一个。",
  ],
])("refuses what a format does not have: %s", async (flags, line) => {
  expect(await exported("wrong", ...flags)).toEqual({ code: 2, stdout: "", stderr: `${line}\n` });
});

it("says in one line where no folder can be", async () => {
  const taken = join("small", "config.json");
  const { code, stderr } = await exported(join(taken, "x"), "--format", "onnx");
  expect(code).toBe(1);
  expect(stderr).toBe(`Error: Cannot make the folder ${join(taken, "x")} (EEXIST); choose another.\n`);
});
