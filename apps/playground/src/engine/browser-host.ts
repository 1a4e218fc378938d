import { useBackend } from "@scratch-llm/backend";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import plain from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threaded from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";
import onnxModule from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import onnxWasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import config from "./bundled/config.json?url";
import weights from "./bundled/model.safetensors?url";
import tokenizer from "./bundled/tokenizer.json?url";
import type { Host } from "./host.ts";
import { MemoryStore } from "./models/memory-store.ts";
import { PrivateStore } from "./models/private-store.ts";

/** More threads than this only wait for each other. */
const MOST_THREADS = 4;

const BUNDLED = { "config.json": config, "tokenizer.json": tokenizer, "model.safetensors": weights };

/** The browser as a worker sees it. */
export function browserHost(): Host {
  let atOnce: ReturnType<typeof fetchBundled> | undefined = fetchBundled(); // while the backend comes up
  atOnce.catch(() => {}); // whoever asks for it is told
  return {
    startBackend(name) {
      setWasmPaths({
        "tfjs-backend-wasm.wasm": plain,
        "tfjs-backend-wasm-simd.wasm": simd,
        "tfjs-backend-wasm-threaded-simd.wasm": threaded,
      });
      return useBackend(name);
    },
    readText: async (address) => (await get(address)).text(),
    bundledModel() {
      const files = atOnce ?? fetchBundled();
      atOnce = undefined;
      return files;
    },
    async prepareOnnx() {
      const { env } = await import("onnxruntime-web/wasm"); // half a megabyte that most visits do not need
      env.wasm.wasmPaths = { mjs: absolute(onnxModule), wasm: absolute(onnxWasm) };
      return globalThis.crossOriginIsolated ? Math.min(MOST_THREADS, navigator.hardwareConcurrency) : 1;
    },
    files: hasPrivateFiles() ? new PrivateStore() : new MemoryStore(),
    retryDelayMs: 1000,
  };
}

async function fetchBundled(): Promise<ReadonlyMap<string, Blob>> {
  const entries = Object.entries(BUNDLED).map(
    async ([name, address]) => [name, await (await get(address)).blob()] as const,
  );
  return new Map(await Promise.all(entries));
}

/** Pages that are not served safely have no storage; then downloads last as long as the page. */
function hasPrivateFiles(): boolean {
  return "storage" in navigator && "getDirectory" in navigator.storage;
}

/** Vite gives an address from the page's root, or one that is whole already. */
function absolute(address: string): string {
  return new URL(address, globalThis.location.href).href;
}

async function get(address: URL | string): Promise<Response> {
  const response = await fetch(address);
  if (response.ok) return response;
  throw new TypeError(`${String(address)} answers ${response.status}.`);
}
