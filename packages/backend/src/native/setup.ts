import { join } from "node:path";
import { acquireLock } from "@scratch-llm/safetensors/node";
import { buildInstallation, renewKernels } from "./build.ts";
import { checkInstallation } from "./check.ts";
import type { SetupContext, SetupEvent } from "./events.ts";
import { findInstallation, lacksKernels, nativeFolder, SETUP_LOCK } from "./installation.ts";
import type { AddonSource } from "./installation.ts";
import { currentPlatform, platformName } from "./platform.ts";
import { SetupError } from "./setup-error.ts";
import { ADD_TFJS_NODE, locateTfjsNode } from "./tfjs-node.ts";
import type { TfjsNode } from "./tfjs-node.ts";

export interface SetupOptions {
  readonly onProgress?: (event: SetupEvent) => void;
  /** Stops the set-up: its programs end, its temporary folder goes, and the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A working native TensorFlow. */
export interface SetupResult {
  readonly source: AddonSource;
  readonly folder: string;
  /** TensorFlow's version. */
  readonly tensorflow: string;
}

/**
 * Sets native TensorFlow up for this user, once: takes an addon that already works; else TensorFlow's Python wheel (pip
 * downloads and checks it) and tfjs-node's addon compiled against it; else, where Python or the compiler is missing, the
 * official download. Everything lies in the user's cache folder; it appears there whole or not at all.
 *
 * @throws SetupError with what is missing and the remedy; the signal's reason where that fired.
 * @example
 * await setupNative({ onProgress: ({ phase, message }) => console.error(phase, message) });
 */
export async function setupNative({ onProgress, signal }: SetupOptions = {}): Promise<SetupResult> {
  const context: SetupContext = { report: (event) => onProgress?.(event), signal };
  const tfjsNode = locateTfjsNode();
  if (!tfjsNode) {
    throw new SetupError("SETUP_NO_TFJS_NODE", `@tensorflow/tfjs-node is not installed: ${ADD_TFJS_NODE}.`);
  }
  const existing = await tryExisting(tfjsNode, context);
  const installed = findInstallation(tfjsNode);
  if (existing && installed && !lacksKernels(installed)) return existing;
  const platform = currentPlatform();
  if (!platform) {
    throw new SetupError(
      "SETUP_PLATFORM",
      `There is no native TensorFlow for ${platformName()}: use the wasm backend.`,
    );
  }
  const release = await lock(context);
  try {
    // Whoever held the lock may have done it.
    const made = (await tryExisting(tfjsNode, context)) ?? (await buildInstallation(tfjsNode, platform, context));
    const found = findInstallation(tfjsNode);
    if (found && platform.wheel && lacksKernels(found)) await renewKernels(tfjsNode, found, platform.wheel, context);
    return made;
  } finally {
    await release();
  }
}

async function lock({ report, signal }: SetupContext): Promise<() => Promise<void>> {
  const onWait = (pid: number): void =>
    report({ phase: "wait", message: `process ${pid} is setting up native TensorFlow` });
  try {
    return await acquireLock(join(nativeFolder(), SETUP_LOCK), { signal, onWait });
  } catch (cause) {
    signal?.throwIfAborted();
    const remedy = "make it writable, or name another folder with XDG_CACHE_HOME";
    throw new SetupError(
      "SETUP_CACHE",
      `${nativeFolder()} cannot be written (${(cause as Error).message}): ${remedy}.`,
      {
        cause,
      },
    );
  }
}

/** An addon that is there and works. */
async function tryExisting(tfjsNode: TfjsNode, { report, signal }: SetupContext): Promise<SetupResult | undefined> {
  const found = findInstallation(tfjsNode);
  if (!found) return undefined;
  report({ phase: "check", message: found.folder });
  try {
    const tensorflow = await checkInstallation(tfjsNode, found, signal);
    return { source: found.source, folder: found.folder, tensorflow };
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    return undefined;
  }
}
