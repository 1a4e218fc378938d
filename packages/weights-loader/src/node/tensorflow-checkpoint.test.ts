// Against checkpoints that TensorFlow wrote (fixtures/gpt2-weights/make_openai.py), whole and damaged in many ways.
import { copyFile, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { toFloat32 } from "@scratch-llm/safetensors";
import { openSafetensors } from "@scratch-llm/safetensors/node";
import { isDeepStrictEqual } from "node:util";
import { random } from "@test/random.ts";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { WeightsError } from "../errors.ts";
import { maskedCrc32c } from "../tensorflow/crc32c.ts";
import { openTensorFlowCheckpoint } from "./tensorflow-checkpoint.ts";

const fixtures = fileURLToPath(new URL("../../../../fixtures/gpt2-weights", import.meta.url));
const DATA = "model.ckpt.data-00000-of-00001";

let folder: string;
let index: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "checkpoint-"));
  index = join(folder, "model.ckpt.index");
});
beforeEach(async () => {
  for (const name of ["model.ckpt.index", DATA]) await copyFile(join(fixtures, "openai", name), join(folder, name));
});
afterAll(() => rm(folder, { recursive: true }));

async function readAll(path: string): Promise<Map<string, Float32Array>> {
  const source = await openTensorFlowCheckpoint(path);
  try {
    const values = new Map<string, Float32Array>();
    for (const name of source.tensors.keys()) values.set(name, await source.read(name));
    return values;
  } finally {
    await source.close();
  }
}

const codeOf = (path: string): Promise<string> =>
  readAll(path).then(
    () => "no error",
    (error: unknown) => (error instanceof WeightsError ? error.code : String(error)),
  );

it.each(["openai", "openai-snappy"])("%s: holds the very numbers that were saved", async (name) => {
  const values = await readAll(join(fixtures, name, "model.ckpt.index"));
  const original = await openSafetensors(join(fixtures, "hf", "model.safetensors"));
  expect(values.size).toBe(original.tensors.size);
  for (const [theirs, ours] of [
    ["transformer.wte.weight", "model/wte"],
    ["transformer.h.1.mlp.c_proj.weight", "model/h1/mlp/c_proj/w"],
    ["transformer.ln_f.bias", "model/ln_f/b"],
  ] as const) {
    expect(values.get(ours)).toEqual(toFloat32((await original.read(theirs)).bytes, "F32"));
  }
  await original.close();
});

it("keeps the leading 1 that OpenAI's variables have", async () => {
  const source = await openTensorFlowCheckpoint(index);
  expect(source.tensors.get("model/h0/attn/c_attn/w")?.shape).toEqual([1, 16, 48]);
  await source.close();
});

describe("refuses", () => {
  it("a changed number, and names the tensor", async () => {
    const bytes = await readFile(join(folder, DATA));
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(join(folder, DATA), bytes);
    await expect(readAll(index)).rejects.toMatchObject({ code: "CHECKSUM_MISMATCH", message: /"model\/\w+.*damaged/ });
  });

  it("a data file that is cut short, missing or a folder", async () => {
    await truncate(join(folder, DATA), 1000);
    expect(await codeOf(index)).toBe("CHECKPOINT_INVALID");
    await rm(join(folder, DATA));
    await expect(readAll(index)).rejects.toThrow(/data-00000-of-00001 \(ENOENT\)/);
  });

  it("an index that is something else", async () => {
    await writeFile(index, "<!doctype html><title>Not found</title><p>The file you asked for is not here.</p>");
    expect(await codeOf(index)).toBe("CHECKPOINT_INVALID");
    await writeFile(index, "");
    expect(await codeOf(index)).toBe("CHECKPOINT_INVALID");
  });
});

/** Puts good checksums behind both blocks again, so that damage gets past them to what reads the structure. */
function withGoodChecksums(table: Buffer, blocks: readonly (readonly [start: number, size: number])[]): void {
  for (const [start, size] of blocks) {
    table.writeUInt32LE(maskedCrc32c(table.subarray(start, start + size + 1)), start + size + 1);
  }
}

/** Where the blocks of the fixture lie: each ends in its compression (0) and checksum, and the next begins. */
function findBlocks(table: Buffer): [start: number, size: number][] {
  const blocks: [number, number][] = [];
  let start = 0;
  for (let end = 4; end + 5 <= table.length - 48; end++) {
    if (maskedCrc32c(table.subarray(start, end + 1)) !== table.readUInt32LE(end + 1)) continue;
    blocks.push([start, end - start]);
    start = end + 5;
  }
  return blocks;
}

describe.each(["openai", "openai-snappy"])("300 mutations of %s", (name) => {
  it("index with bytes changed, lost or repeated: refused, or nothing has changed", async () => {
    const original = await readFile(join(fixtures, name, "model.ckpt.index"));
    let different = 0;
    const whole = await readAll(join(fixtures, name, "model.ckpt.index"));
    const codes = new Map<string, number>();
    for (let seed = 0; seed < 300; seed++) {
      const next = random(seed);
      const at = next(original.length);
      const changed = new Uint8Array(original);
      changed[at]! ^= 1 + next(255);
      const kinds = [
        changed,
        original.subarray(0, at),
        Buffer.concat([original.subarray(0, at), original.subarray(at + 1 + next(9))]),
        Buffer.concat([original.subarray(0, at), original.subarray(Math.max(0, at - next(30)))]),
      ];
      await writeFile(index, kinds[next(4)]!);
      const code = await codeOf(index);
      codes.set(code, (codes.get(code) ?? 0) + 1);
      // only the unused block of statistics, and the handle to it, can be damaged unseen
      if (code === "no error" && !isDeepStrictEqual(await readAll(index), whole)) different += 1;
    }
    expect([...codes.keys()].every((code) => /^(CHECK\w+|READ_FAILED|no error)$/.test(code))).toBe(true);
    expect(codes.get("no error") ?? 0).toBeLessThan(60);
    expect(different).toBe(0);
  }, 60_000);

  it("structure changed under good checksums: refused, or every tensor read has a good checksum", async () => {
    const original = await readFile(join(fixtures, name, "model.ckpt.index"));
    const blocks = findBlocks(original);
    expect(blocks.length).toBeGreaterThanOrEqual(3);
    const memory = process.memoryUsage().rss;
    const codes = new Map<string, number>();
    for (let seed = 0; seed < 300; seed++) {
      const next = random(seed);
      const damaged = Buffer.from(original);
      for (let n = 1 + next(3); n > 0; n--) {
        const [start, size] = blocks[next(blocks.length)]!;
        damaged[start + next(size)] = next(256);
      }
      withGoodChecksums(damaged, blocks);
      await writeFile(index, damaged);
      const code = await codeOf(index);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect([...codes.keys()].every((code) => /^(CHECK\w+|READ_FAILED|no error)$/.test(code))).toBe(true);
    expect(codes.get("CHECKPOINT_INVALID")).toBeGreaterThan(100);
    expect(process.memoryUsage().rss - memory).toBeLessThan(500e6); // a length that is believed asks for gigabytes
  }, 60_000);

  it("payload: a checksum error, always", async () => {
    const original = await readFile(join(fixtures, "openai", DATA));
    for (let seed = 0; seed < 300; seed++) {
      const next = random(seed);
      const damaged = Buffer.from(original);
      damaged[next(damaged.length)]! ^= 1 + next(255);
      await writeFile(join(folder, DATA), damaged);
      expect(await codeOf(index)).toBe("CHECKSUM_MISMATCH");
    }
  }, 60_000);
});
