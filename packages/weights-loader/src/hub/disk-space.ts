import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { DownloadError } from "./download-error.ts";

/** Refuses before gigabytes are downloaded onto a disk that cannot hold them. @throws {DownloadError} `DISK_FULL` */
export async function requireDiskSpace(folder: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(nearestExisting(folder));
  const free = bavail * bsize;
  if (free >= neededBytes) return;
  const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;
  throw new DownloadError(
    "DISK_FULL",
    `${megabytes(neededBytes)} are needed in ${folder} and ${megabytes(free)} are free; free some space or set HF_HOME to another disk.`,
  );
}

function nearestExisting(folder: string): string {
  return existsSync(folder) ? folder : nearestExisting(dirname(folder));
}
