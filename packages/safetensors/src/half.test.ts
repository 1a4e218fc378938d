import { describe, expect, it } from "vitest";
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from "./half.ts";

const isNaN16 = (bits: number): boolean => (bits & 0x7fff) > 0x7c00;
const isNaNBrain = (bits: number): boolean => (bits & 0x7fff) > 0x7f80;
const everyHalf = Uint16Array.from({ length: 1 << 16 }, (_, bits) => bits);

/** The number a binary16 stands for, by IEEE 754's definition. */
function float16ByDefinition(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0 ? sign * 2 ** -14 * fraction : sign * 2 ** (exponent - 15) * (1 + fraction);
}

describe("binary16", () => {
  it("decodes all 65,536 by definition", () => {
    expect(float16ToFloat32(everyHalf)).toEqual(Float32Array.from(everyHalf, float16ByDefinition));
  });

  it("encodes what it decoded back to the same bits, NaN to NaN", () => {
    const again = float32ToFloat16(float16ToFloat32(everyHalf));
    expect(again.every((bits, i) => bits === i || (isNaN16(bits) && isNaN16(i)))).toBe(true);
  });

  it.each([
    ["a tie goes to the even neighbour below", 1 + 2 ** -11, 1],
    ["a tie goes to the even neighbour above", 1 + 3 * 2 ** -11, 1 + 2 ** -9],
    ["just above a tie goes up", 1 + 2 ** -11 + 2 ** -20, 1 + 2 ** -10],
    ["65519.996 is still finite", 65519.996, 65504],
    ["65520 is not", 65520, Infinity],
    ["half of the smallest subnormal goes to zero", 2 ** -25, 0],
    ["a little more than half does not", 2 ** -25 + 2 ** -40, 2 ** -24],
    ["one and a half smallest goes to two", 1.5 * 2 ** -24, 2 ** -23],
    ["the largest subnormal rounds up to the smallest normal", 2 ** -14 - 2 ** -26, 2 ** -14],
    ["negative zero stays negative", -0, -0],
  ])("%s", (_, value, rounded) => {
    expect(float16ToFloat32(float32ToFloat16(Float32Array.of(value)))[0]).toBe(rounded);
    expect(float16ToFloat32(float32ToFloat16(Float32Array.of(-value)))[0]).toBe(-rounded);
  });
});

describe("bfloat16", () => {
  it("is the upper half of a 32-bit float", () => {
    const bits = new Uint32Array(bfloat16ToFloat32(everyHalf).buffer);
    expect(bits.every((value, i) => value === i * 65536)).toBe(true);
  });

  it("encodes what it decoded back to the same bits, NaN to NaN", () => {
    const again = float32ToBfloat16(bfloat16ToFloat32(everyHalf));
    expect(again.every((bits, i) => bits === i || (isNaNBrain(bits) && isNaNBrain(i)))).toBe(true);
  });

  it.each([
    ["a tie goes to the even neighbour below", 1 + 2 ** -8, 1],
    ["a tie goes to the even neighbour above", 1 + 3 * 2 ** -8, 1 + 2 ** -6],
    ["the largest 32-bit float becomes infinity", 3.4028234663852886e38, Infinity],
    ["a subnormal stays", 2 ** -133, 2 ** -133],
  ])("%s", (_, value, rounded) => {
    expect(bfloat16ToFloat32(float32ToBfloat16(Float32Array.of(value)))[0]).toBe(rounded);
  });
});
