import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { withLock } from "@scratch-llm/safetensors/node";
import { findInstallation, lacksKernels, nativeFolder, SETUP_LOCK } from "./installation.ts";
import type { AddonSource } from "./installation.ts";
import { ADD_TFJS_NODE, locateTfjsNode } from "./tfjs-node.ts";

/** What there is of native TensorFlow on this computer. */
export interface NativeStatus {
  /** Whether an addon is there. That it runs here was proved when it was set up. */
  readonly ready: boolean;
  /** Whether `setupNative` has nothing to do: the operations for training too are there, for this version and processor. */
  readonly complete: boolean;
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
export async function nativeStatus(): Promise<NativeStatus> {
  const cache = { cacheFolder: nativeFolder(), cacheBytes: await folderBytes(nativeFolder()) };
  const tfjsNode = locateTfjsNode();
  if (!tfjsNode) {
    return {
      ready: false,
      complete: false,
      message: `@tensorflow/tfjs-node is not installed: ${ADD_TFJS_NODE}.`,
      ...cache,
    };
  }
  const version = { tfjsNode: tfjsNode.version };
  const found = findInstallation(tfjsNode);
  if (!found) return { ready: false, complete: false, message: NOT_SET_UP, ...cache, ...version };
  return {
    ready: true,
    complete: !lacksKernels(found),
    message: `Native TensorFlow is in ${found.folder}.`,
    source: found.source,
    ...cache,
    ...version,
  };
}

/** The remedy of a missing set-up. */
export const NOT_SET_UP =
  "Native TensorFlow is not set up: run `scratch-llm backend setup`, or setupNative() in a program.";

/**
 * Removes what set-ups left in the cache folder; an addon in tfjs-node's own folder is not ours and stays.
 *
 * @returns the bytes that became free
 */
export async function removeNative(): Promise<number> {
  const bytes = await folderBytes(nativeFolder());
  const remove = (): Promise<void> => rm(nativeFolder(), { recursive: true, force: true });
  await withLock(join(nativeFolder(), SETUP_LOCK), {}, remove);
  return bytes;
}

async function folderBytes(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    names.map(async (name) => {
      const entry = await lstat(join(folder, name)).catch(() => undefined);
      return entry?.isFile() ? entry.size : 0;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
