// Against files that the reference library wrote: fixtures/safetensors/make.py.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { encodeSafetensors, fromFloat32, parseHeader, SafetensorsError, toFloat32, type Dtype } from "./index.ts";

const fixture = (name: string): Promise<Buffer> =>
  readFile(fileURLToPath(new URL(`../../../fixtures/safetensors/${name}`, import.meta.url)));

async function readTensors(name: string): Promise<Map<string, { dtype: Dtype; bytes: Uint8Array }>> {
  const bytes = await fixture(name);
  const { tensors } = parseHeader(bytes, bytes.length);
  return new Map(
    [...tensors].map(([key, { dtype, start, end }]) => [key, { dtype, bytes: bytes.subarray(start, end) }]),
  );
}

it("reads every dtype, and refuses to convert the 8-bit floats", async () => {
  const values = JSON.parse((await fixture("dtypes.json")).toString()) as Record<string, number[]>;
  const read: Record<string, number[]> = {};
  for (const [name, { dtype, bytes }] of await readTensors("dtypes.safetensors")) {
    read[name] = name.startsWith("F8") ? values[name]! : [...toFloat32(bytes, dtype)];
  }
  expect(read).toEqual(values);
  const { dtype, bytes } = (await readTensors("dtypes.safetensors")).get("F8_E4M3")!;
  expect(() => toFloat32(bytes, dtype)).toThrow(SafetensorsError);
});

it("rounds as PyTorch does", async () => {
  const tensors = await readTensors("rounding.safetensors");
  const floats = toFloat32(tensors.get("f32")!.bytes, "F32");
  const isNumber = (_: number, i: number): boolean => !Number.isNaN(floats[i]);
  for (const [name, dtype] of [
    ["f16", "F16"],
    ["bf16", "BF16"],
  ] as const) {
    const bits = (bytes: Uint8Array): Uint16Array => new Uint16Array(new Uint8Array(bytes).buffer).filter(isNumber);
    expect(bits(fromFloat32(floats, dtype))).toEqual(bits(tensors.get(name)!.bytes));
  }
});

it("writes the reference's bytes when given its tensors in its order", async () => {
  const bytes = await fixture("dtypes.safetensors");
  const { tensors, metadata } = parseHeader(bytes, bytes.length);
  const entries = [...tensors.values()].map((info) => ({ ...info, data: () => bytes.subarray(info.start, info.end) }));
  const chunks: Uint8Array[] = [];
  for await (const chunk of encodeSafetensors(entries, metadata)) chunks.push(chunk);
  expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
});
