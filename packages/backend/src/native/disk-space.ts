import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { SetupError } from "./setup-error.ts";

/** Refuses before a gigabyte is downloaded onto a disk that cannot hold it. */
export async function requireDiskSpace(folder: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(nearestExisting(folder));
  const free = bavail * bsize;
  if (free >= neededBytes) return;
  throw noSpace(`${megabytes(neededBytes)} MB are needed in ${folder} and ${megabytes(free)} MB are free`);
}

/** The error of a disk that is, or would be, full. */
export function noSpace(what: string, cause?: unknown): SetupError {
  const remedy = "free some space, or name a folder on another disk with XDG_CACHE_HOME";
  return new SetupError("SETUP_NO_SPACE", `${what}: ${remedy}.`, { cause });
}

function nearestExisting(folder: string): string {
  return existsSync(folder) ? folder : nearestExisting(dirname(folder));
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1e6);
}
