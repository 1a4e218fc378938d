import { expect, it } from "vitest";
import { chooseFiles } from "./choose-files.ts";

const files = (...names: string[]): Parameters<typeof chooseFiles>[1] =>
  names.map((name) => ({ name, size: 1, hash: { algorithm: "git", hex: name } }));
const chosen = (...names: string[]): string[] => chooseFiles("a/b", files(...names)).map(({ name }) => name);

it("takes configuration, tokenizer and weights, the weights last", () => {
  expect(
    chosen("model.safetensors", "README.md", "tf_model.h5", "config.json", "onnx/model.onnx", "merges.txt"),
  ).toEqual(["config.json", "merges.txt", "model.safetensors"]);
});

it("takes the shards of an index, and the index after them", () => {
  const shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
  expect(chosen("config.json", "model.safetensors.index.json", ...shards, "adapter.safetensors")).toEqual([
    "config.json",
    ...shards,
    "model.safetensors.index.json",
  ]);
});

it("says what a repository lacks", () => {
  expect(() => chosen("README.md")).toThrow(/no config.json/);
  expect(() => chosen("config.json", "pytorch_model.bin")).toThrow(/no model.safetensors/);
});
