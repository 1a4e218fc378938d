import { describe, expect, it } from "vitest";
import { ELEMENT_BYTES } from "../proto/messages.ts";
import { BLOCK, blocks, CHANNELS, type Encoding, HALF, ROWS } from "./encodings.ts";

const [OUT, IN] = [3, 40] as const;
/** A block of 32 and one of 8 that is filled up, a row of zeros, and a row with an outlier. */
const VALUES = Float32Array.from({ length: OUT * IN }, (_, i) =>
  i < IN ? Math.sin(i) : i < 2 * IN ? 0 : i === 90 ? -50 : Math.cos(i),
);
/** One per weight of what was stored. */
type Decode = (codes: Uint8Array, scales: Float32Array, row: number, column: number) => number;

const ofBlocks =
  (bits: 8 | 4): Decode =>
  (codes, scales, row, column) => {
    const block = row * Math.ceil(IN / BLOCK) + Math.floor(column / BLOCK);
    const place = column % BLOCK;
    const byte = codes[(block * BLOCK * bits) / 8 + (bits === 8 ? place : place >> 1)]!;
    const code = bits === 8 ? byte : (byte >> (4 * (place % 2))) & 15;
    return (code - 2 ** (bits - 1)) * scales[block]!;
  };

describe.each<[string, Encoding, Decode, number]>([
  ["blocks of 8 bits", blocks(8), ofBlocks(8), 1 / 128],
  ["blocks of 4 bits", blocks(4), ofBlocks(4), 1 / 8],
  ["rows", ROWS, (codes, scales, row, column) => ((codes[row * IN + column]! << 24) >> 24) * scales[row]!, 1 / 127],
  [
    "channels",
    CHANNELS,
    (codes, scales, row, column) => ((codes[column * OUT + row]! << 24) >> 24) * scales[row]!,
    1 / 64,
  ],
])("%s", (_, encoding, decode, step) => {
  const { bytes, squaredError } = encoding.encode(VALUES, [OUT, IN]);
  const forms = encoding.forms([OUT, IN]);
  const [codes, scales] = [bytes[0]!, new Float32Array(bytes[1]!.slice().buffer)];

  it("has the size that its forms say", () => {
    expect(bytes.map(({ length }) => length)).toEqual(
      forms.map(({ type, shape }) => shape.reduce((a, b) => a * b) * ELEMENT_BYTES[type]),
    );
  });

  it("keeps every weight within a step of the largest, and zeros exactly", () => {
    let sum = 0;
    VALUES.forEach((value, i) => {
      const error = Math.abs(decode(codes, scales, Math.floor(i / IN), i % IN) - value);
      const largest = i < 2 * IN ? 1 : 50;
      expect(error, `weight ${i}`).toBeLessThanOrEqual(value === 0 ? 0 : step * largest);
      sum += error ** 2;
    });
    expect(squaredError).toBeGreaterThan(0);
    expect(squaredError).toBeCloseTo(sum, 4);
  });
});

it("rounds to 16 bits, and says how far", () => {
  const { bytes, squaredError } = HALF.encode(Float32Array.of(1, 2, 1 / 3), [3, 1]);
  expect([...new Uint16Array(bytes[0]!.slice().buffer)]).toEqual([0x3c00, 0x4000, 0x3555]);
  expect(squaredError).toBeCloseTo((1365 / 4096 - Math.fround(1 / 3)) ** 2, 15);
});
