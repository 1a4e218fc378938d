import type { BackendInfo, BackendName } from "../backend-info.ts";
/**
 * Chooses and starts a TensorFlow.js backend in Node: with "auto" native TensorFlow where it is set up, else WASM.
 *
 * @throws BackendError where the named backend cannot start; the message says what to do.
 * @example
 * const { name, reason } = await useBackend("auto");
 * console.log(`${name}: ${reason}`);
 */
export declare function useBackend(choice: "auto" | BackendName): Promise<BackendInfo>;
//# sourceMappingURL=use-backend.d.ts.map