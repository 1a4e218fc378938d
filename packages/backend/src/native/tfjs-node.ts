import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";

/** The installed `@tensorflow/tfjs-node`: its JavaScript and the addon's sources; the binary may be missing. */
export interface TfjsNode {
  readonly folder: string;
  readonly version: string;
}

/** Finds `@tensorflow/tfjs-node` without loading it; undefined where it is not installed. */
export function locateTfjsNode(): TfjsNode | undefined {
  let path: string;
  try {
    path = createRequire(import.meta.url).resolve("@tensorflow/tfjs-node/package.json");
  } catch {
    return undefined;
  }
  const { version } = JSON.parse(readFileSync(path, "utf8")) as { version: string };
  return { folder: dirname(path), version };
}

/** How to add tfjs-node without its installer, which downloads from a host that many people cannot reach. */
export const ADD_TFJS_NODE = "add it with `npm install @tensorflow/tfjs-node@4.22.0 --ignore-scripts`";
