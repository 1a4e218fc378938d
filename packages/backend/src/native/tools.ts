import { CommandError, runCommand } from "./run-command.ts";
import { SetupError } from "./setup-error.ts";

/** What compiles the addon; `CXX` names another one, as for make. */
export function compiler(): string {
  return process.env["CXX"] ?? "g++";
}

/**
 * Checks that Python, pip and a C++ compiler are there, before anything is downloaded.
 *
 * @throws SetupError that names all that is missing and how to install it.
 */
export async function requireTools(signal?: AbortSignal): Promise<void> {
  const python = await runs("python3", ["--version"], signal);
  const pip = python && (await runs("python3", ["-m", "pip", "--version"], signal));
  const cxx = await runs(compiler(), ["--version"], signal);
  if (pip && cxx) return;
  const missing = [
    ...(python ? (pip ? [] : ["pip"]) : ["python3 with pip"]),
    ...(cxx ? [] : [`a C++ compiler (${compiler()})`]),
  ];
  const code = !python ? "SETUP_NO_PYTHON" : pip ? "SETUP_NO_COMPILER" : "SETUP_NO_PIP";
  throw new SetupError(
    code,
    `Native TensorFlow needs ${missing.join(" and ")}: ${installCommand()}, or use the wasm backend.`,
  );
}

function installCommand(): string {
  if (process.platform === "darwin") return "install them with `xcode-select --install`";
  return "install them, on Debian or Ubuntu with `sudo apt install python3-pip g++`";
}

async function runs(command: string, args: readonly string[], signal?: AbortSignal): Promise<boolean> {
  try {
    await runCommand(command, args, { signal });
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}
