import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
/** Finds `@tensorflow/tfjs-node` without loading it; undefined where it is not installed. */
export function locateTfjsNode() {
  let path;
  try {
    path = createRequire(import.meta.url).resolve("@tensorflow/tfjs-node/package.json");
  } catch {
    return undefined;
  }
  const { version } = JSON.parse(readFileSync(path, "utf8"));
  return { folder: dirname(path), version };
}
/** How to add tfjs-node without its installer, which downloads from a host that many people cannot reach. */
export const ADD_TFJS_NODE = "add it with `npm install @tensorflow/tfjs-node@4.22.0 --ignore-scripts`";
//# sourceMappingURL=tfjs-node.js.map
