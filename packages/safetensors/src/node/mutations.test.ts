// 300 damaged headers and 300 damaged indexes: a coded error or the tensors unchanged, at once and without much memory.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { random } from "@test/random.ts";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SafetensorsError } from "../index.ts";
import { openSafetensors, writeSafetensors } from "../node.ts";

const tensors = new Map([
  ["wte.weight", { dtype: "F32", shape: [4, 3], bytes: new Uint8Array(48).map((_, i) => i) }],
  ["h.0.attn.bias", { dtype: "F16", shape: [6], bytes: new Uint8Array(12).map((_, i) => 100 + i) }],
  ["flag", { dtype: "BOOL", shape: [], bytes: Uint8Array.of(1) }],
] as const);
const entries = [...tensors].map(([name, { dtype, shape, bytes }]) => ({ name, dtype, shape, data: () => bytes }));

const known = [...tensors.values()].map(({ bytes }) => Buffer.from(bytes));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mutations-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Damages bytes [0, end) in one of the ways that broken disks and bad people do. */
function mutate(original: Uint8Array, end: number, next: (below: number) => number): Uint8Array {
  const bytes = new Uint8Array(original);
  const at = next(end);
  switch (next(6)) {
    case 0: // some bytes become anything
      for (let n = 1 + next(4); n > 0; n--) bytes[next(end)] = next(256);
      return bytes;
    case 1: // a bit flips
      bytes[at]! ^= 1 << next(8);
      return bytes;
    case 2: // the file ends early
      return bytes.subarray(0, next(bytes.length));
    case 3: // bytes go missing
      return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1 + next(8))]);
    case 4: // bytes are repeated
      return Uint8Array.from([...bytes.subarray(0, at + 1), ...bytes.subarray(Math.max(0, at - next(20)))]);
    default: // a digit becomes another, which leaves the JSON whole
      return replaceDigit(bytes, end, next);
  }
}

function replaceDigit(bytes: Uint8Array, end: number, next: (below: number) => number): Uint8Array {
  const digits = [...bytes.keys()].filter((i) => i < end && bytes[i]! >= 0x30 && bytes[i]! <= 0x39);
  bytes[digits[next(digits.length)]!] = 0x30 + next(10);
  return bytes;
}

/** "error" when it is refused with a code, "same" when every tensor has its bytes. */
async function outcome(path: string): Promise<"error" | "same" | "different"> {
  try {
    const file = await openSafetensors(path);
    try {
      for (const name of file.tensors.keys()) {
        const { bytes } = await file.read(name);
        // a damaged name, shape or dtype can still make a valid file, but its bytes must be those of a tensor
        if (!known.some((tensor) => tensor.equals(bytes))) return "different";
      }
      return file.tensors.size === tensors.size ? "same" : "different";
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof SafetensorsError) return "error";
    throw error;
  }
}

it("withstands 300 damaged headers", async () => {
  const path = join(folder, "model.safetensors");
  await writeSafetensors(path, entries, { format: "pt" });
  const original = await readFile(path);
  const end = 8 + Number(original.readBigUInt64LE(0));
  const damaged = join(folder, "damaged.safetensors");
  const counts = { error: 0, same: 0, different: 0 };
  const memory = process.memoryUsage().rss;
  for (let seed = 0; seed < 300; seed++) {
    await writeFile(damaged, mutate(original, end, random(seed)));
    counts[await outcome(damaged)]++;
  }
  expect(counts.error).toBeGreaterThan(200);
  expect(counts.same).toBeGreaterThan(0);
  expect(counts.different).toBe(0);
  expect(process.memoryUsage().rss - memory).toBeLessThan(500e6); // a length that is believed asks for gigabytes
}, 60_000);

it("withstands 300 damaged indexes", async () => {
  const shards = ["m-1.safetensors", "m-2.safetensors"] as const;
  await writeSafetensors(join(folder, shards[0]), entries.slice(0, 2));
  await writeSafetensors(join(folder, shards[1]), entries.slice(2));
  const weightMap = { "wte.weight": shards[0], "h.0.attn.bias": shards[0], flag: shards[1] };
  const original = new TextEncoder().encode(JSON.stringify({ metadata: { total_size: 61 }, weight_map: weightMap }));
  const index = join(folder, "m.safetensors.index.json");
  const counts = { error: 0, same: 0, different: 0 };
  for (let seed = 0; seed < 300; seed++) {
    await writeFile(index, mutate(original, original.length, random(seed)));
    counts[await outcome(index)]++;
  }
  expect(counts.error).toBeGreaterThan(200);
  expect(counts.same).toBeGreaterThan(0);
  expect(counts.different).toBe(0);
}, 60_000);
