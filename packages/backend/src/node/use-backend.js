import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { chooseBackend } from "../choose-backend.js";
import { mendGradients } from "../kernels/mend-gradients.js";
import { startCpu } from "../start-cpu.js";
import { startWasm } from "../start-wasm.js";
import { startWebgpu } from "../start-webgpu.js";
import { memoryOfThisProcess, startNative } from "./start-native.js";
/**
 * Chooses and starts a TensorFlow.js backend in Node: with "auto" native TensorFlow where it is set up, else WASM.
 *
 * @throws BackendError where the named backend cannot start; the message says what to do.
 * @example
 * const { name, reason } = await useBackend("auto");
 * console.log(`${name}: ${reason}`);
 */
export async function useBackend(choice) {
    mendGradients();
    const webgpu = { name: "webgpu", start: startWebgpu }; // Node has no adapter of its own: only as asked for
    return chooseBackend(choice, [
        { name: "native", start: startNative },
        { name: "wasm", start: startWasmInNode },
        { name: "cpu", start: async () => ({ ...(await startCpu()), memoryLimitBytes: memoryOfThisProcess() }) },
        ...(choice === "auto" ? [] : [webgpu]),
    ]);
}
/** In Node the three .wasm files lie in the installed package; TensorFlow.js wants to be told. */
async function startWasmInNode() {
    const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
    const folder = dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm"));
    const names = ["tfjs-backend-wasm.wasm", "tfjs-backend-wasm-simd.wasm", "tfjs-backend-wasm-threaded-simd.wasm"];
    setWasmPaths(Object.fromEntries(names.map((name) => [name, join(folder, name)])));
    return startWasm();
}
//# sourceMappingURL=use-backend.js.map