import { createRequire } from "node:module";
/** The paths that native/load-addon.cjs and native/check.cjs take. */
export function addonPaths(tfjsNode, { addon, quiet }) {
  return { folder: tfjsNode.folder, addon, ...(quiet && { quiet }) };
}
/** Loads the addon into this process and registers TensorFlow.js's backend "tensorflow" over it. */
export function loadTensorFlow(tfjsNode, installation) {
  const { loadAddon } = createRequire(import.meta.url)("../../native/load-addon.cjs");
  return loadAddon(addonPaths(tfjsNode, installation));
}
//# sourceMappingURL=load.js.map
