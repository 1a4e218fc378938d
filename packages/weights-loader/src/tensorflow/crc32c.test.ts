import { expect, it } from "vitest";
import { crc32c, maskedCrc32c } from "./crc32c.ts";

/** Bit by bit, as the polynomial division is defined. */
function slowly(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

// RFC 3720, appendix B.4, and the customary check value
it.each([
  ["32 zeros", new Uint8Array(32), 0x8a9136aa],
  ["32 bytes of ones", new Uint8Array(32).fill(255), 0x62a8ab43],
  ["0 to 31", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ["31 to 0", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
  ["123456789", new TextEncoder().encode("123456789"), 0xe3069283],
  ["nothing", new Uint8Array(0), 0],
])("knows the published checksum of %s", (_, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected);
});

it("equals the definition at every length and alignment", () => {
  const bytes = Uint8Array.from({ length: 70 }, (_, i) => (i * 167 + 13) & 255);
  for (let start = 0; start < 9; start++) {
    for (let end = start; end <= bytes.length; end++) {
      const part = bytes.subarray(start, end);
      expect(crc32c(part)).toBe(slowly(part));
    }
  }
});

it("masks as LevelDB does", () => {
  const crc = crc32c(new TextEncoder().encode("foo"));
  expect(maskedCrc32c(new TextEncoder().encode("foo"))).toBe((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
});
