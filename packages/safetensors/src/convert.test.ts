import { expect, it } from "vitest";
import { fromFloat32, SafetensorsError, toFloat32 } from "./index.ts";

it("views aligned F32 bytes and copies others", () => {
  const buffer = new ArrayBuffer(12);
  new DataView(buffer).setFloat32(4, 1.5, true);
  const aligned = toFloat32(new Uint8Array(buffer, 4, 8), "F32");
  expect(aligned.buffer).toBe(buffer);
  expect([...aligned]).toEqual([1.5, 0]);
  const shifted = new Uint8Array(9);
  shifted.set(new Uint8Array(buffer, 4, 4), 1);
  expect([...toFloat32(shifted.subarray(1, 5), "F32")]).toEqual([1.5]);
  expect([...toFloat32(Buffer.from(shifted.buffer, 1, 4), "F32")]).toEqual([1.5]);
});

it("rounds what 32 bits cannot hold to the nearest they can", () => {
  expect(toFloat32(new Uint8Array(BigInt64Array.of(-16777217n, 2n ** 62n).buffer), "I64")).toEqual(
    Float32Array.of(-16777216, 2 ** 62),
  );
  expect(toFloat32(new Uint8Array(Float64Array.of(0.1, 1e300).buffer), "F64")).toEqual(Float32Array.of(0.1, Infinity));
});

it("reads BOOL as 0 and 1", () => {
  expect([...toFloat32(Uint8Array.of(0, 1, 255), "BOOL")]).toEqual([0, 1, 1]);
});

it("writes a part of a larger array, not all of it", () => {
  const values = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
  expect([...toFloat32(fromFloat32(values, "F32"), "F32")]).toEqual([2, 3]);
  expect([...toFloat32(fromFloat32(values, "F16"), "F16")]).toEqual([2, 3]);
  expect([...toFloat32(fromFloat32(values, "BF16"), "BF16")]).toEqual([2, 3]);
});

it("refuses dtypes that it cannot convert and bytes that are no whole elements, with the remedy", () => {
  expect(() => toFloat32(new Uint8Array(2), "F8_E4M3")).toThrow(/F8_E4M3.*convert the file/);
  expect(() => toFloat32(new Uint8Array(3), "F16")).toThrow(SafetensorsError);
});
