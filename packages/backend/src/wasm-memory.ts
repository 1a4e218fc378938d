import * as tf from "@tensorflow/tfjs";
import { BackendError } from "./backend-error.ts";
import type { WasmBackend, WasmModule } from "./kernels/wasm/wasm-backend.ts";

const WASM_ADDRESS_SPACE = 2 ** 32;

/** Left free for what kernels allocate inside WASM, where a failed allocation goes unnoticed and overwrites other tensors. */
const HEADROOM = 256 * 2 ** 20;

/** Bytes that tensors may fill on the WASM backend. */
export const WASM_MEMORY_LIMIT: number = WASM_ADDRESS_SPACE - HEADROOM;

const guarded = new WeakSet<WasmModule>();

/**
 * Makes the WASM backend refuse a tensor that does not fit. TensorFlow.js takes the address 0 of a failed allocation as
 * a place to write to, and so destroys other tensors without a word.
 */
export function guardWasmMemory(): void {
  const { wasm } = tf.backend() as WasmBackend;
  if (guarded.has(wasm)) return;
  guarded.add(wasm);
  wasm._free(wasm._malloc(1)); // Emscripten's functions replace themselves when they are first called
  const allocate = wasm._malloc;
  wasm._malloc = (bytes) => {
    const address = allocate(bytes) >>> 0;
    if (bytes === 0 || (address > 0 && address + bytes <= WASM_MEMORY_LIMIT)) return address;
    if (address > 0) wasm._free(address);
    throw outOfMemory(bytes);
  };
}

function outOfMemory(bytes: number): BackendError {
  const size = `${Math.ceil(bytes / 2 ** 20)} MiB`;
  const remedy = "use a smaller model or batch, or the native backend";
  return new BackendError("BACKEND_MEMORY", `WebAssembly's 4 GiB of memory cannot hold another ${size}: ${remedy}.`);
}
