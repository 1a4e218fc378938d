import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { noSpace } from "./disk-space.ts";
import type { SetupContext } from "./events.ts";
import type { Wheel } from "./platform.ts";
import { CommandError, lastLine, runCommand } from "./run-command.ts";
import { SetupError } from "./setup-error.ts";
import { unzip } from "./unzip.ts";

/** The headers that tfjs-node's sources include, directly or not: all of them C. */
const HEADERS =
  /^tensorflow\/include\/(tensorflow\/c\/|tensorflow\/core\/platform\/ctstring|tsl\/platform\/ctstring|xla\/tsl\/c\/).*\.h$/;

/** More than the headers can take: they are some hundred kilobytes. */
const HEADER_BYTES = 20e6;

/**
 * Downloads the wheel with pip, which checks it against the digest that is written in platform.ts, and unpacks the two
 * libraries to `lib/` and the headers to `include/`.
 *
 * The wheel need not match the Python that pip runs under: nothing of it is ever imported.
 */
export async function fetchWheel(wheel: Wheel, folder: string, context: SetupContext): Promise<void> {
  const downloads = join(folder, "download");
  await mkdir(downloads);
  await download(wheel, downloads, context);
  const file = (await readdir(downloads)).find((name) => name.endsWith(".whl"));
  if (!file) throw new SetupError("SETUP_DOWNLOAD", `pip left no wheel in ${downloads}: update pip and try again.`);
  await unpack(join(downloads, file), folder, wheel, context);
  await rm(downloads, { recursive: true });
}

async function download(wheel: Wheel, folder: string, { report, signal }: SetupContext): Promise<void> {
  const requirements = join(folder, "requirements.txt");
  await writeFile(requirements, `${wheel.project}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
  let reached = 0;
  const announce = (bytes: number): void => {
    reached = Math.min(Math.max(reached, bytes), wheel.bytes);
    report({ phase: "download", message: `TensorFlow ${wheel.version}`, bytes: reached, totalBytes: wheel.bytes });
  };
  let running = true;
  const watch = setInterval(() => void largestFile(folder).then((bytes) => running && announce(bytes)), 250);
  announce(0);
  try {
    await runCommand("python3", pipArguments(wheel, folder, requirements), {
      signal,
      env: { ...process.env, TMPDIR: folder }, // the growing file is ours to watch and to remove
    });
    announce(wheel.bytes);
  } catch (cause) {
    throw cause instanceof CommandError ? explain(cause, wheel) : cause;
  } finally {
    running = false;
    clearInterval(watch);
  }
}

function pipArguments(wheel: Wheel, folder: string, requirements: string): string[] {
  const quick = ["--retries", "2", "--timeout", "15", "--no-input", "--disable-pip-version-check", "--no-cache-dir"];
  const which = ["--no-deps", "--only-binary=:all:", "--python-version", "3.12", "--platform", wheel.pipPlatform];
  return ["-m", "pip", "download", ...quick, ...which, "--require-hashes", "-r", requirements, "-d", folder];
}

/** Turns pip's words into one line with a remedy. */
function explain(cause: CommandError, wheel: Wheel): SetupError {
  const { output } = cause;
  if (/No space left/i.test(output)) return noSpace("The disk is full", cause);
  if (/DO NOT MATCH THE HASHES/i.test(output)) {
    const remedy = "try again, or without the package index that PIP_INDEX_URL or pip's configuration names";
    return new SetupError("SETUP_DOWNLOAD", `The downloaded ${wheel.project} is not the published one: ${remedy}.`, {
      cause,
    });
  }
  if (/connection|resolution|timed? ?out|unreachable|proxy/i.test(output)) {
    const remedy = "check the network, or name a mirror with PIP_INDEX_URL";
    return new SetupError("SETUP_NETWORK", `pip cannot reach the Python package index: ${remedy}.`, { cause });
  }
  return new SetupError("SETUP_DOWNLOAD", `pip could not download ${wheel.project}: ${lastLine(output)}`, { cause });
}

/** pip has no progress for programs before version 24, so the file it writes is watched. */
async function largestFile(folder: string): Promise<number> {
  try {
    const names = await readdir(folder, { recursive: true });
    const sizes = await Promise.all(names.map((name) => stat(join(folder, name))));
    return Math.max(0, ...sizes.map(({ size }) => size));
  } catch {
    return 0; // pip moved a file meanwhile
  }
}

async function unpack(file: string, folder: string, wheel: Wheel, { report, signal }: SetupContext): Promise<void> {
  let reported = 0;
  const onBytes = (bytes: number): void => {
    if (bytes - reported < 10e6) return;
    reported = bytes;
    report({ phase: "unpack", message: "TensorFlow's libraries", bytes, totalBytes: wheel.unpackedBytes });
  };
  const libraries = new Map(wheel.libraries.map((name) => [`tensorflow/${name}`, `lib/${name}`]));
  const select = (member: string): string | undefined =>
    libraries.get(member) ?? (HEADERS.test(member) ? member.slice("tensorflow/".length) : undefined);
  try {
    await unzip(file, folder, { select, maxBytes: wheel.unpackedBytes + HEADER_BYTES, onBytes, signal });
  } catch (cause) {
    if (cause instanceof SetupError || signal?.aborted) throw cause;
    if ((cause as NodeJS.ErrnoException).code === "ENOSPC") throw noSpace("The disk is full", cause);
    throw new SetupError("SETUP_UNPACK", `The wheel could not be unpacked: ${(cause as Error).message}`, { cause });
  }
}
