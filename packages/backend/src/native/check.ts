import { fileURLToPath } from "node:url";
import type { Installation } from "./installation.ts";
import { addonPaths } from "./load.ts";
import { CommandError, lastLine, runCommand } from "./run-command.ts";
import { SetupError } from "./setup-error.ts";
import type { TfjsNode } from "./tfjs-node.ts";

const CHECK = fileURLToPath(new URL("../../native/check.cjs", import.meta.url));

/**
 * Loads the addon in another process and calculates with it.
 *
 * @returns TensorFlow's version
 * @throws SetupError where it does not load or calculates wrongly; the signal's reason where that fired.
 */
export async function checkInstallation(
  tfjsNode: TfjsNode,
  installation: Installation,
  signal?: AbortSignal,
): Promise<string> {
  const paths = JSON.stringify(addonPaths(tfjsNode, installation));
  try {
    return lastLine(await runCommand(process.execPath, [CHECK, paths], { signal }));
  } catch (cause) {
    if (!(cause instanceof CommandError)) throw cause;
    const why = cause.output.split("\n").find((line) => line.includes("Error: ")) ?? cause.message;
    throw new SetupError(
      "SETUP_CHECK",
      `TensorFlow does not run on this computer (${why.trim()}): use the wasm backend.`,
      {
        cause,
      },
    );
  }
}
