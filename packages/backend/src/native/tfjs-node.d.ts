/** The installed `@tensorflow/tfjs-node`: its JavaScript and the addon's sources; the binary may be missing. */
export interface TfjsNode {
  readonly folder: string;
  readonly version: string;
}
/** Finds `@tensorflow/tfjs-node` without loading it; undefined where it is not installed. */
export declare function locateTfjsNode(): TfjsNode | undefined;
/** How to add tfjs-node without its installer, which downloads from a host that many people cannot reach. */
export declare const ADD_TFJS_NODE = "add it with `npm install @tensorflow/tfjs-node@4.22.0 --ignore-scripts`";
//# sourceMappingURL=tfjs-node.d.ts.map
