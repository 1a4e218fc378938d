import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { TensorEntry } from "../index.ts";
import { openSafetensors, writeSafetensors } from "../node.ts";

const one = "model-00001-of-00002.safetensors";
const two = "model-00002-of-00002.safetensors";
const byte = (name: string, value: number): TensorEntry => ({
  name,
  dtype: "U8",
  shape: [1],
  data: () => Uint8Array.of(value),
});
let folder: string;
let index: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sharded-"));
  index = join(folder, "model.safetensors.index.json");
  await writeSafetensors(join(folder, one), [byte("a", 1), byte("b", 2)], { format: "pt" });
  await writeSafetensors(join(folder, two), [byte("c", 3)]);
});
afterEach(() => rm(folder, { recursive: true }));

const writeIndex = (weightMap: unknown): Promise<void> =>
  writeFile(index, JSON.stringify({ metadata: { total_size: 3 }, weight_map: weightMap }));

it("joins the shards of an index", async () => {
  await writeIndex({ a: one, b: one, c: two });
  const file = await openSafetensors(index);
  expect([...file.tensors.keys()]).toEqual(["a", "b", "c"]);
  expect(file.metadata).toEqual({ format: "pt" });
  expect((await file.read("b")).bytes[0]).toBe(2);
  expect((await file.read("c")).bytes[0]).toBe(3);
  await expect(file.read("d")).rejects.toMatchObject({ code: "UNKNOWN_TENSOR" });
  await file.close();
});

it("follows links, as the Hugging Face cache is made of them", async () => {
  await mkdir(join(folder, "snapshot"));
  await writeIndex({ a: one, b: one });
  for (const name of [one, "model.safetensors.index.json"]) {
    await symlink(join("..", name), join(folder, "snapshot", name));
  }
  const file = await openSafetensors(join(folder, "snapshot", "model.safetensors.index.json"));
  expect((await file.read("a")).bytes[0]).toBe(1);
  await file.close();
});

it.each([
  ["../secret.safetensors"],
  ["/etc/secret.safetensors"],
  ["sub/model.safetensors"],
  ["sub\\model.safetensors"],
  ["C:model.safetensors"],
  ["a\0.safetensors"],
  ["model.bin"],
  [".."],
  [7],
])("refuses the shard name %j before it opens anything", async (shard) => {
  await writeIndex({ a: shard });
  await expect(openSafetensors(index)).rejects.toMatchObject({ code: "INDEX_INVALID" });
});

it.each([
  ["no weight_map", "{}"],
  ["a weight_map that is a list", '{"weight_map":[]}'],
  ["no object", "null"],
  ["no JSON", "{"],
  ["a tensor twice", `{"weight_map":{"a":"${one}","a":"${two}"}}`],
])("refuses an index with %s", async (_, text) => {
  await writeFile(index, text);
  await expect(openSafetensors(index)).rejects.toMatchObject({ code: "INDEX_INVALID" });
});

it("refuses an index that is not UTF-8", async () => {
  await writeFile(index, Uint8Array.of(0x7b, 0xff, 0x7d));
  await expect(openSafetensors(index)).rejects.toMatchObject({ code: "INDEX_INVALID" });
});

it.each([
  ["names a tensor that its shard lacks", { a: one, b: one, c: two, d: two }],
  ["places a tensor in the wrong shard", { a: one, b: two, c: two }],
  ["omits a tensor of a shard", { a: one, c: two }],
])("refuses an index that %s", async (_, weightMap) => {
  await writeIndex(weightMap);
  await expect(openSafetensors(index)).rejects.toMatchObject({ code: "INDEX_MISMATCH" });
});

it("names the shard that is not there", async () => {
  await writeIndex({ a: one, b: one, x: "model-00003-of-00003.safetensors" });
  await expect(openSafetensors(index)).rejects.toThrow(/model-00003-of-00003.*ENOENT/);
});
