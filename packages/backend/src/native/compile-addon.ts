import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { SetupContext } from "./events.ts";
import type { Wheel } from "./platform.ts";
import { CommandError, runCommand } from "./run-command.ts";
import { SetupError } from "./setup-error.ts";
import type { TfjsNode } from "./tfjs-node.ts";
import { compiler } from "./tools.ts";

const QUIET_SOURCE = fileURLToPath(new URL("../../native/quiet.cc", import.meta.url));

/** Names of the two addons in the installation's `lib/` folder, beside TensorFlow's libraries. */
export const ADDON = "tfjs_binding.node";
export const QUIET_ADDON = "quiet.node";

/**
 * Compiles tfjs-node's addon from the sources in its package against the libraries in `folder/lib`, and quiet.cc. Node's
 * C interface is stable, so one build serves every Node version.
 */
export async function compileAddon(
  tfjsNode: TfjsNode,
  folder: string,
  wheel: Wheel,
  { report, signal }: SetupContext,
): Promise<void> {
  const lib = join(folder, "lib");
  const sources = ["tfjs_backend.cc", "tfjs_binding.cc"].map((name) => join(tfjsNode.folder, "binding", name));
  const libraries = wheel.libraries.map((name) => join(lib, name));
  const common = ["-std=c++17", "-O2", "-fPIC", "-DNAPI_VERSION=8", "-DBUILDING_NODE_EXTENSION", `-I${nodeHeaders()}`];
  report({ phase: "compile", message: "the addon that joins Node and TensorFlow" });
  const addon = ["-o", join(lib, ADDON), ...libraries, besideItself()];
  const include = `-I${join(folder, "include")}`;
  await compile([...common, ...sharedLibrary("tfjs_binding"), include, ...sources, ...addon]);
  await compile([...common, ...sharedLibrary("quiet"), QUIET_SOURCE, "-o", join(lib, QUIET_ADDON)]);

  async function compile(args: readonly string[]): Promise<void> {
    try {
      await runCommand(compiler(), args, { signal });
    } catch (cause) {
      if (!(cause instanceof CommandError)) throw cause;
      const error = cause.output.split("\n").find((line) => /error|undefined/i.test(line)) ?? cause.message;
      const remedy = "update the compiler (CXX names another one), or use the wasm backend";
      throw new SetupError("SETUP_COMPILE", `${error.trim()}: ${remedy}.`, { cause });
    }
  }
}

/** A library whose symbols of Node are found when Node loads it. */
function sharedLibrary(moduleName: string): string[] {
  const lookup = process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : [];
  return ["-shared", `-DNODE_GYP_MODULE_NAME=${moduleName}`, ...lookup];
}

/** Looks for TensorFlow's libraries in the addon's own folder, wherever that is moved. */
function besideItself(): string {
  return `-Wl,-rpath,${process.platform === "darwin" ? "@loader_path" : "$ORIGIN"}`;
}

function nodeHeaders(): string {
  return join(dirname(createRequire(import.meta.url).resolve("node-api-headers/package.json")), "include");
}
