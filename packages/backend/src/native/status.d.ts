import type { AddonSource } from "./installation.ts";
/** What there is of native TensorFlow on this computer. */
export interface NativeStatus {
  /** Whether an addon is there. That it runs here was proved when it was set up. */
  readonly ready: boolean;
  /** One line: what there is, or what is missing and how to get it. */
  readonly message: string;
  /** The cache folder that set-ups go to. */
  readonly cacheFolder: string;
  /** Bytes in the cache folder. */
  readonly cacheBytes: number;
  readonly source?: AddonSource;
  /** Version of `@tensorflow/tfjs-node`, where it is installed. */
  readonly tfjsNode?: string;
}
/** Looks for native TensorFlow without loading it. */
export declare function nativeStatus(): Promise<NativeStatus>;
/** The remedy of a missing set-up. */
export declare const NOT_SET_UP =
  "Native TensorFlow is not set up: run `scratch-llm backend setup`, or setupNative() in a program.";
/**
 * Removes what set-ups left in the cache folder; an addon in tfjs-node's own folder is not ours and stays.
 *
 * @returns the bytes that became free
 */
export declare function removeNative(): Promise<number>;
//# sourceMappingURL=status.d.ts.map
