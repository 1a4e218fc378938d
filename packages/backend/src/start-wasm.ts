import * as tf from "@tensorflow/tfjs";
import { unavailable } from "./backend-error.ts";
import type { StartedBackend } from "./backend-info.ts";
import { registerWasmKernels } from "./kernels/wasm/register.ts";
import { selectBackend } from "./select-backend.ts";
import { guardWasmMemory, WASM_MEMORY_LIMIT } from "./wasm-memory.ts";

const REMEDY =
  "serve the three .wasm files of @tensorflow/tfjs-backend-wasm/dist and name them with its setWasmPaths().";

/** Starts the WebAssembly backend, with the kernels that training needs and a guard around its memory. */
export async function startWasm(): Promise<StartedBackend> {
  if (typeof WebAssembly === "undefined") {
    throw unavailable("WebAssembly is missing or switched off here: allow it, or use the cpu backend.");
  }
  const wasm = await import("@tensorflow/tfjs-backend-wasm");
  await selectBackend("wasm", REMEDY);
  guardWasmMemory();
  registerWasmKernels();
  return {
    versions: { tfjs: tf.version.tfjs, "tfjs-backend-wasm": wasm.version_wasm },
    threads: wasm.getThreadsCount(),
    memoryLimitBytes: WASM_MEMORY_LIMIT,
  };
}
