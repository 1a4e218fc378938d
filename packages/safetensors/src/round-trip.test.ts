import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fromFloat32, toFloat32 } from "./index.ts";
import { openSafetensors, writeSafetensors } from "./node.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "safetensors-"));
});
afterAll(() => rm(folder, { recursive: true }));

it("gives back names, shapes, metadata and bits, in the order they were written", async () => {
  const path = join(folder, "model.safetensors");
  const b = Float32Array.of(1, -2.5, Number.NaN, Infinity, 1e-45, 0);
  await writeSafetensors(
    path,
    [
      { name: "b", dtype: "F32", shape: [2, 3], data: () => fromFloat32(b, "F32") },
      { name: "a", dtype: "I8", shape: [3], data: async () => Uint8Array.of(1, 2, 255) },
      { name: "empty", dtype: "F16", shape: [0, 4], data: () => new Uint8Array(0) },
      { name: "scalar", dtype: "BF16", shape: [], data: () => fromFloat32(Float32Array.of(0.5), "BF16") },
    ],
    { format: "pt" },
  );
  const file = await openSafetensors(path);
  try {
    expect([...file.tensors.keys()]).toEqual(["b", "a", "empty", "scalar"]);
    expect(file.metadata).toEqual({ format: "pt" });
    const read = await file.read("b");
    expect(read.info).toMatchObject({ dtype: "F32", shape: [2, 3] });
    expect(toFloat32(read.bytes, "F32")).toEqual(b);
    const memory = new Float32Array(b.length);
    await file.read("b", fromFloat32(memory, "F32"));
    expect(memory).toEqual(b);
    await expect(file.read("b", new Uint8Array(8))).rejects.toMatchObject({ code: "SIZE_MISMATCH" });
    expect([...toFloat32((await file.read("a")).bytes, "I8")]).toEqual([1, 2, -1]);
    expect((await file.read("empty")).bytes).toHaveLength(0);
    expect([...toFloat32((await file.read("scalar")).bytes, "BF16")]).toEqual([0.5]);
  } finally {
    await file.close();
  }
  expect(await readdir(folder)).toEqual(["model.safetensors"]);
});
