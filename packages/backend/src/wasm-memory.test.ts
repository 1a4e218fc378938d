import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, it } from "vitest";
import { useTestBackend } from "@test/backend.ts";
import { BackendError } from "./backend-error.ts";
import type { WasmBackend } from "./kernels/wasm/wasm-backend.ts";
import { WASM_MEMORY_LIMIT } from "./wasm-memory.ts";

const BLOCK_FLOATS = 2 ** 26;

beforeAll(async () => {
  await useTestBackend("wasm");
});

it("refuses a tensor that no longer fits, and harms none of those that are there", () => {
  const first = tf.tensor([1, 2, 3]);
  const backend = tf.backend() as WasmBackend;
  const blocks: tf.TensorInfo[] = [];
  const fill = (): void => {
    // Memory that is taken but not written to costs the computer nothing.
    for (;;) blocks.push(backend.makeOutput([BLOCK_FLOATS], "float32"));
  };
  expect(fill).toThrow(expect.objectContaining({ name: "BackendError", code: "BACKEND_MEMORY" }));
  expect(fill).toThrow("WebAssembly's 4 GiB of memory cannot hold another 256 MiB: use a smaller model or batch");
  // WASM's own data takes part of the first block.
  expect(blocks.length).toBe(Math.floor(WASM_MEMORY_LIMIT / (BLOCK_FLOATS * 4)) - 1);
  expect(Array.from(first.add(1).dataSync())).toEqual([2, 3, 4]);

  for (const { dataId } of blocks) backend.disposeData(dataId);
  const again = backend.makeOutput([BLOCK_FLOATS], "float32");
  backend.disposeData(again.dataId);
});

it("refuses a tensor larger than its whole memory", () => {
  expect(() => tf.zeros([2 ** 15, 2 ** 15])).toThrow(BackendError);
});
