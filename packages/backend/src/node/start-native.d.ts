import type { StartedBackend } from "../backend-info.ts";
/** Starts native TensorFlow where {@link setupNative} has set it up. */
export declare function startNative(): Promise<StartedBackend>;
/** The computer's memory, or what a container leaves of it. */
export declare function memoryOfThisProcess(): number;
//# sourceMappingURL=start-native.d.ts.map