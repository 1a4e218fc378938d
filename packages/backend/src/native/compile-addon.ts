import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { SetupContext } from "./events.ts";
import { KERNELS_SOURCES } from "./installation.ts";
import type { Wheel } from "./platform.ts";
import { CommandError, runCommand } from "./run-command.ts";
import { SetupError } from "./setup-error.ts";
import type { TfjsNode } from "./tfjs-node.ts";
import { compiler } from "./tools.ts";

const QUIET_SOURCE = fileURLToPath(new URL("../../native/quiet.cc", import.meta.url));

/** Names of the addons in the installation's `lib/` folder, beside TensorFlow's libraries. */
export const ADDON = "tfjs_binding.node";
export const QUIET_ADDON = "quiet.node";
export const KERNELS_ADDON = "kernels.node";

/** Kernels are loops over vectors, which are to be as wide as this processor has them. */
const VECTORS = [
  "-O3",
  process.arch === "arm64" ? "-mcpu=native" : "-march=native",
  "-fno-math-errno",
  "-fno-trapping-math",
];

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
  const sources = ["tfjs_backend.cc", "tfjs_binding.cc"].map((name) => join(tfjsNode.folder, "binding", name));
  report({ phase: "compile", message: "the addon that joins Node and TensorFlow" });
  await compile(
    ["-O2", ...sharedLibrary("tfjs_binding"), ...sources, ...besideTensorFlow(folder, wheel, ADDON)],
    signal,
  );
  await compile(["-O2", ...sharedLibrary("quiet"), QUIET_SOURCE, "-o", join(folder, "lib", QUIET_ADDON)], signal);
}

/** Compiles kernels.cc, for this processor. Answers whether the compiler can; without it training is only slower. */
export async function compileKernels(folder: string, wheel: Wheel, { report, signal }: SetupContext): Promise<boolean> {
  report({ phase: "compile", message: "operations for training" });
  const output = besideTensorFlow(folder, wheel, KERNELS_ADDON);
  try {
    await compile([...VECTORS, ...sharedLibrary("kernels"), KERNELS_SOURCES[0] as string, ...output], signal);
    return true;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    report({ phase: "compile", message: `without operations for training: ${error.message}` });
    return false;
  }
}

async function compile(args: readonly string[], signal: AbortSignal | undefined): Promise<void> {
  const common = ["-std=c++17", "-fPIC", "-DNAPI_VERSION=8", "-DBUILDING_NODE_EXTENSION", `-I${nodeHeaders()}`];
  try {
    await runCommand(compiler(), [...common, ...args], { signal });
  } catch (cause) {
    if (!(cause instanceof CommandError)) throw cause;
    const error = cause.output.split("\n").find((line) => /error|undefined/i.test(line)) ?? cause.message;
    const remedy = "update the compiler (CXX names another one), or use the wasm backend";
    throw new SetupError("SETUP_COMPILE", `${error.trim()}: ${remedy}.`, { cause });
  }
}

/** An addon in `folder/lib` that uses TensorFlow's headers, and its libraries wherever all that is moved together. */
function besideTensorFlow(folder: string, wheel: Wheel, name: string): string[] {
  const lib = join(folder, "lib");
  const path = `-Wl,-rpath,${process.platform === "darwin" ? "@loader_path" : "$ORIGIN"}`;
  const libraries = wheel.libraries.map((library) => join(lib, library));
  return [`-I${join(folder, "include")}`, "-o", join(lib, name), ...libraries, path];
}

/** A library whose symbols of Node are found when Node loads it. */
function sharedLibrary(moduleName: string): string[] {
  const lookup = process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : [];
  return ["-shared", `-DNODE_GYP_MODULE_NAME=${moduleName}`, ...lookup];
}

function nodeHeaders(): string {
  return join(dirname(createRequire(import.meta.url).resolve("node-api-headers/package.json")), "include");
}
