import { createRequire } from "node:module";
import { hasKernels, type Installation } from "./installation.ts";
import type { TfjsNode } from "./tfjs-node.ts";

/** The part of tfjs-node's addon that is used here. */
export interface TensorFlowBinding {
  readonly TF_Version: string;
}

/** What native/load-addon.cjs needs to know. */
interface AddonPaths extends Pick<Installation, "addon" | "quiet"> {
  /** The package folder of tfjs-node. */
  readonly folder: string;
  readonly kernels?: string;
}

/** The paths that native/load-addon.cjs and native/check.cjs take. */
export function addonPaths(tfjsNode: TfjsNode, installation: Installation): AddonPaths {
  const { addon, quiet, kernels } = installation;
  const usable = hasKernels(installation) && kernels;
  return { folder: tfjsNode.folder, addon, ...(quiet && { quiet }), ...(usable && { kernels: usable.addon }) };
}

/** Loads the addon into this process and registers TensorFlow.js's backend "tensorflow" over it. */
export function loadTensorFlow(tfjsNode: TfjsNode, installation: Installation): TensorFlowBinding {
  const { loadAddon } = createRequire(import.meta.url)("../../native/load-addon.cjs") as {
    loadAddon(paths: AddonPaths): TensorFlowBinding;
  };
  return loadAddon(addonPaths(tfjsNode, installation));
}
