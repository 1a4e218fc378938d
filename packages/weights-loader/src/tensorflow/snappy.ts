import { BinaryReader } from "@bufbuild/protobuf/wire";

/** The longest output per byte of input: a copy of 64 bytes takes 3, so that this is generous. */
const MAX_EXPANSION = 32;

/**
 * Decompresses a block of Snappy (google/snappy, format_description.txt): the plain length, then literals and copies of
 * what came before.
 *
 * @throws {RangeError} when the data is damaged
 */
export function decompressSnappy(packed: Uint8Array): Uint8Array {
  const reader = new BinaryReader(packed);
  const length = reader.uint32();
  if (length > MAX_EXPANSION * packed.length) throw new RangeError(`${packed.length} bytes cannot hold ${length}`);
  const plain = new Uint8Array(length);
  let done = 0;
  let at = reader.pos;
  while (at < packed.length) {
    const tag = packed[at]!;
    const kind = tag & 3;
    if (kind === 0) {
      const extra = Math.max(0, (tag >> 2) - 59); // bytes that hold the length, where it does not fit into the tag
      const size = 1 + (extra === 0 ? tag >> 2 : littleEndian(packed, at + 1, extra));
      at += 1 + extra;
      if (at + size > packed.length || done + size > length) throw new RangeError("a literal is too long");
      plain.set(packed.subarray(at, at + size), done);
      at += size;
      done += size;
    } else {
      const width = kind === 3 ? 4 : kind; // bytes that hold the offset
      const size = kind === 1 ? 4 + ((tag >> 2) & 7) : 1 + (tag >> 2);
      const offset = littleEndian(packed, at + 1, width) + (kind === 1 ? (tag >> 5) << 8 : 0);
      if (offset === 0 || offset > done || done + size > length) throw new RangeError("a copy reaches outside");
      // byte by byte: a copy may overlap itself, which repeats a pattern
      for (let i = 0; i < size; i++, done++) plain[done] = plain[done - offset]!;
      at += 1 + width;
    }
  }
  if (done !== length) throw new RangeError(`it ends after ${done} of ${length} bytes`);
  return plain;
}

function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  if (at + count > bytes.length) throw new RangeError("it ends inside a number");
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + bytes[at + i]!;
  return value;
}
