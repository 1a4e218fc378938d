import { open, type FileHandle } from "node:fs/promises";
import { toFloat32 } from "@scratch-llm/safetensors";
import { WeightsError } from "../errors.ts";
import type { WeightSource } from "../source.ts";
import { readBundleEntry, readBundleHeader, type BundleEntry } from "../tensorflow/bundle.ts";
import { maskedCrc32c } from "../tensorflow/crc32c.ts";
import { readTable } from "../tensorflow/table.ts";

/** The index of GPT-2 XL has some 30 KB. */
const MAX_INDEX_BYTES = 50_000_000;
/** What one call to the operating system may read at most. */
const MAX_READ = 1 << 30;

/**
 * Opens a TensorFlow checkpoint, as OpenAI published GPT-2: `model.ckpt.index` and its data files. Tensors are read one by
 * one and their checksums compared.
 *
 * @param indexPath the `.index` file
 * @throws {WeightsError} `READ_FAILED`, `CHECKPOINT_INVALID` or `CHECKSUM_MISMATCH`
 * @example
 * const source = await openTensorFlowCheckpoint("124M/model.ckpt.index");
 * const wte = await source.read("model/wte");
 */
export async function openTensorFlowCheckpoint(indexPath: string): Promise<WeightSource> {
  const table = readTable(await readIndex(indexPath));
  const header = table.get("");
  if (header === undefined) throw new WeightsError("CHECKPOINT_INVALID", `${indexPath} has no header entry.`);
  table.delete("");
  const tensors = new Map([...table].map(([name, bytes]) => [name, readBundleEntry(name, bytes)]));
  const shards: Shard[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(shards.map(({ handle }) => handle.close()));
  };
  try {
    const count = readBundleHeader(header);
    for (let i = 0; i < count; i++) shards.push(await openShard(shardPath(indexPath, i, count)));
    for (const [name, entry] of tensors) checkRange(name, entry, shards);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    tensors,
    async read(name) {
      const entry = tensors.get(name)!;
      return toFloat32(await readTensor(name, entry, shards[entry.shard]!), entry.dtype);
    },
    close,
  };
}

interface Shard {
  readonly path: string;
  readonly handle: FileHandle;
  readonly size: number;
}

function shardPath(indexPath: string, i: number, count: number): string {
  const number = (value: number): string => String(value).padStart(5, "0");
  return indexPath.replace(/\.index$/, `.data-${number(i)}-of-${number(count)}`);
}

async function openShard(path: string): Promise<Shard> {
  try {
    const handle = await open(path, "r");
    return { path, handle, size: (await handle.stat()).size };
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new WeightsError("READ_FAILED", `Cannot read ${path} (${code}); a checkpoint has it beside its index.`, {
      cause,
    });
  }
}

function checkRange(name: string, { shard, offset, size }: BundleEntry, shards: readonly Shard[]): void {
  const file = shards[shard];
  if (file !== undefined && offset + size <= file.size) return;
  const where =
    file === undefined ? `data file ${shard}, which is not there` : `${file.path}, which has ${file.size} bytes`;
  throw new WeightsError(
    "CHECKPOINT_INVALID",
    `"${name}" is said to be bytes ${offset} to ${offset + size} of ${where}; download the checkpoint again.`,
  );
}

async function readTensor(name: string, { offset, size, crc32c }: BundleEntry, shard: Shard): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(size); // its own memory, not zeroed: every byte is read or this throws
  for (let done = 0; done < size;) {
    const { bytesRead } = await shard.handle.read(bytes, done, Math.min(size - done, MAX_READ), offset + done);
    if (bytesRead === 0) throw new WeightsError("READ_FAILED", `${shard.path} became shorter while it was read.`);
    done += bytesRead;
  }
  if (maskedCrc32c(bytes) !== crc32c) {
    throw new WeightsError(
      "CHECKSUM_MISMATCH",
      `"${name}" in ${shard.path} is damaged (CRC-32C differs from the index); download it again.`,
    );
  }
  return bytes;
}

async function readIndex(path: string): Promise<Uint8Array> {
  const { handle, size } = await openShard(path);
  try {
    if (size > MAX_INDEX_BYTES) {
      throw new WeightsError("CHECKPOINT_INVALID", `${path} has ${size} bytes, an index at most ${MAX_INDEX_BYTES}.`);
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
