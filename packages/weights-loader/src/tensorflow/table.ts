import { BinaryReader } from "@bufbuild/protobuf/wire";
import { WeightsError } from "../errors.ts";
import { maskedCrc32c } from "./crc32c.ts";
import { decompressSnappy } from "./snappy.ts";

/** Two block handles, padded, then a number that marks the format (LevelDB, doc/table_format.md). */
const FOOTER_BYTES = 48;
const MAGIC = 0xdb4775248b80fb57n;
/** After each block: how it is compressed, and the masked CRC-32C of both. */
const TRAILER_BYTES = 5;
/** Names of variables are short; longer keys, each sharing most of the one before, could fill the memory from a small file. */
const MAX_KEY_BYTES = 4096;

/**
 * The keys and values of a sorted table, LevelDB's format, in which TensorFlow keeps the index of a checkpoint.
 *
 * @throws {WeightsError} `CHECKPOINT_INVALID`, or `CHECKSUM_MISMATCH` when bytes have changed
 */
export function readTable(file: Uint8Array): Map<string, Uint8Array> {
  try {
    return readEntries(file);
  } catch (cause) {
    if (cause instanceof WeightsError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new WeightsError("CHECKPOINT_INVALID", `The checkpoint's index is damaged: ${reason}; download it again.`, {
      cause,
    });
  }
}

function readEntries(file: Uint8Array): Map<string, Uint8Array> {
  const footer = file.subarray(-FOOTER_BYTES);
  const view = new DataView(footer.buffer, footer.byteOffset, footer.length);
  if (footer.length < FOOTER_BYTES || view.getBigUint64(40, true) !== MAGIC) {
    throw new WeightsError(
      "CHECKPOINT_INVALID",
      "This is no index of a TensorFlow checkpoint: its last bytes are others.",
    );
  }
  const handles = new BinaryReader(footer);
  readHandle(handles); // of a block with statistics, which nobody writes
  const table = new Map<string, Uint8Array>();
  let last = "";
  for (const [, handle] of readBlock(file, readHandle(handles))) {
    for (const [key, value] of readBlock(file, readHandle(new BinaryReader(handle)))) {
      if (key <= last && table.size > 0) throw new RangeError(`the key ${JSON.stringify(key)} is out of order`);
      table.set(key, value);
      last = key;
    }
  }
  return table;
}

interface Handle {
  readonly offset: number;
  readonly size: number;
}

function readHandle(reader: BinaryReader): Handle {
  return { offset: Number(reader.uint64()), size: Number(reader.uint64()) };
}

/** The entries of one block. Each key says how many characters it shares with the one before. */
function readBlock(file: Uint8Array, { offset, size }: Handle): [key: string, value: Uint8Array][] {
  const block = readBytes(file, offset, size);
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  const restarts = view.getUint32(block.length - 4, true); // places to search from, which we do not need
  const end = block.length - 4 - 4 * restarts;
  if (end < 0) throw new RangeError("a block ends before it begins");
  const reader = new BinaryReader(block.subarray(0, end));
  const entries: [string, Uint8Array][] = [];
  let key: Uint8Array = new Uint8Array(0);
  while (reader.pos < end) {
    const [shared, rest, length] = [reader.uint32(), reader.uint32(), reader.uint32()];
    const [start, middle] = [reader.pos, reader.pos + rest];
    if (shared + rest > MAX_KEY_BYTES) throw new RangeError(`a key has ${shared + rest} bytes`);
    if (shared > key.length || middle + length > end) throw new RangeError("an entry is longer than its block");
    const next = new Uint8Array(shared + rest);
    next.set(key.subarray(0, shared));
    next.set(block.subarray(start, middle), shared);
    key = next;
    reader.pos = middle + length;
    const name = new TextDecoder("utf-8", { fatal: true }).decode(key);
    entries.push([name, block.subarray(middle, reader.pos)]);
  }
  return entries;
}

function readBytes(file: Uint8Array, offset: number, size: number): Uint8Array {
  const end = offset + size + TRAILER_BYTES;
  if (!Number.isSafeInteger(end) || end > file.length - FOOTER_BYTES) {
    throw new RangeError(`a block of ${size} bytes at ${offset} lies outside`);
  }
  const block = file.subarray(offset, end);
  const crc = new DataView(block.buffer, block.byteOffset, block.length).getUint32(size + 1, true);
  if (maskedCrc32c(block.subarray(0, size + 1)) !== crc) {
    throw new WeightsError(
      "CHECKSUM_MISMATCH",
      "The checkpoint's index is damaged (CRC-32C differs); download it again.",
    );
  }
  const compression = block[size];
  if (compression === 0) return block.subarray(0, size);
  if (compression === 1) return decompressSnappy(block.subarray(0, size));
  throw new RangeError(`compression ${compression} is unknown`);
}
