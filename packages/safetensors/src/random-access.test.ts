import { expect, it } from "vitest";
import { encodeSafetensors } from "./encode.ts";
import { openSafetensorsBlob } from "./random-access.ts";

async function blobOf(values: number[]): Promise<Blob> {
  const data = new Uint8Array(Float32Array.from(values).buffer);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const entries = [{ name: "a", dtype: "F32", shape: [values.length], data: () => data } as const];
  for await (const part of encodeSafetensors(entries)) parts.push(new Uint8Array(part));
  return new Blob(parts);
}

it("reads tensors out of a blob", async () => {
  const file = await openSafetensorsBlob(await blobOf([1, 2, 3, 4]), "dropped.safetensors");
  const whole = await file.read("a");
  expect(new Float32Array(whole.bytes.buffer)).toEqual(Float32Array.of(1, 2, 3, 4));
  await expect(file.read("b")).rejects.toThrow('dropped.safetensors has no tensor "b".');
  await expect(file.read("a", new Uint8Array(8))).rejects.toMatchObject({ code: "SIZE_MISMATCH" });
  await file.close();
});

it("names a blob that is cut short", async () => {
  const blob = await blobOf([1, 2, 3, 4]);
  const cut = openSafetensorsBlob(blob.slice(0, blob.size - 1), "dropped.safetensors");
  await expect(cut).rejects.toThrow(/^dropped\.safetensors: /u);
});
