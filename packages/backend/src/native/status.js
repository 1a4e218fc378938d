import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { findInstallation, nativeFolder, SETUP_LOCK } from "./installation.js";
import { acquireLock } from "./lock.js";
import { ADD_TFJS_NODE, locateTfjsNode } from "./tfjs-node.js";
/** Looks for native TensorFlow without loading it. */
export async function nativeStatus() {
  const cache = { cacheFolder: nativeFolder(), cacheBytes: await folderBytes(nativeFolder()) };
  const tfjsNode = locateTfjsNode();
  if (!tfjsNode) {
    return { ready: false, message: `@tensorflow/tfjs-node is not installed: ${ADD_TFJS_NODE}.`, ...cache };
  }
  const version = { tfjsNode: tfjsNode.version };
  const found = findInstallation(tfjsNode);
  if (!found) return { ready: false, message: NOT_SET_UP, ...cache, ...version };
  return {
    ready: true,
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
export async function removeNative() {
  const bytes = await folderBytes(nativeFolder());
  const release = await acquireLock(join(nativeFolder(), SETUP_LOCK));
  try {
    await rm(nativeFolder(), { recursive: true, force: true });
    return bytes;
  } finally {
    await release();
  }
}
async function folderBytes(folder) {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    names.map(async (name) => {
      const entry = await lstat(join(folder, name)).catch(() => undefined);
      return entry?.isFile() ? entry.size : 0;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
//# sourceMappingURL=status.js.map
