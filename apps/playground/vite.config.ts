import { defaultClientConditions, defineConfig, type Plugin } from "vite";

/** What a page needs before it may share memory between threads, which threaded WASM does. */
const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/**
 * TensorFlow.js hands the source of its WASM factory to the workers that are its threads, where nothing exists that stands
 * around it here. Its one free variable, which it asks for with `typeof`, becomes a global one: a minifier renames it and
 * drops the question.
 */
const wasmThreads = (): Plugin => ({
  name: "wasm-threads",
  transform: (code, id) =>
    id.endsWith("tfjs-backend-wasm-threaded-simd.js")
      ? code
          .replace(/var _scriptDir = .*/u, "")
          .replace(/if \(typeof __filename .*/u, "")
          .replaceAll("_scriptDir", "globalThis._scriptDir")
      : undefined,
});

export default defineConfig({
  base: "./", // the built page may lie under any path
  resolve: {
    // ONNX Runtime's WASM and its glue stay files of their own, for its threads load them again.
    conditions: ["@scratch-llm/source", "onnxruntime-web-use-extern-wasm", ...defaultClientConditions],
    dedupe: ["@tensorflow/tfjs", "@tensorflow/tfjs-core"],
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  worker: { format: "es", plugins: () => [wasmThreads()] },
  // The colours are light-dark() pairs that the chosen theme switches: they must reach the browser as they are.
  build: { target: "es2022", cssTarget: ["chrome123", "firefox120", "safari17.5"], manifest: true },
  server: { headers: ISOLATION },
  preview: { headers: ISOLATION },
});
