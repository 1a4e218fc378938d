import type { BackendInfo, BackendName } from "./backend-info.ts";
import { chooseBackend } from "./choose-backend.ts";
import { mendGradients } from "./kernels/mend-gradients.ts";
import { startCpu } from "./start-cpu.ts";
import { startWasm } from "./start-wasm.ts";
import { startWebgpu } from "./start-webgpu.ts";

/**
 * Chooses and starts a TensorFlow.js backend in a browser: with "auto" the first of WebGPU, WASM and cpu that works.
 * In Node import this function from `@scratch-llm/backend/node`, which also knows native TensorFlow.
 *
 * @throws BackendError where the named backend cannot start; the message says what to do.
 * @example
 * const { name, reason } = await useBackend("auto");
 */
export async function useBackend(choice: "auto" | BackendName): Promise<BackendInfo> {
  mendGradients();
  return chooseBackend(choice, [
    { name: "webgpu", start: startWebgpu },
    { name: "wasm", start: startWasm },
    { name: "cpu", start: startCpu },
  ]);
}
