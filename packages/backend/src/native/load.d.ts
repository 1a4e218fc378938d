import type { Installation } from "./installation.ts";
import type { TfjsNode } from "./tfjs-node.ts";
/** The part of tfjs-node's addon that is used here. */
export interface TensorFlowBinding {
  readonly TF_Version: string;
}
/** What native/load-addon.cjs needs to know. */
interface AddonPaths extends Pick<Installation, "addon" | "quiet"> {
  /** The package folder of tfjs-node. */
  readonly folder: string;
}
/** The paths that native/load-addon.cjs and native/check.cjs take. */
export declare function addonPaths(tfjsNode: TfjsNode, { addon, quiet }: Installation): AddonPaths;
/** Loads the addon into this process and registers TensorFlow.js's backend "tensorflow" over it. */
export declare function loadTensorFlow(tfjsNode: TfjsNode, installation: Installation): TensorFlowBinding;
export {};
//# sourceMappingURL=load.d.ts.map
