import { createWriteStream } from "node:fs";
import { dirname, resolve, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { makeFolder } from "@scratch-llm/safetensors/node";
import { openPromise } from "yauzl";
import { SetupError } from "./setup-error.ts";

export interface UnzipOptions {
  /** Where a member goes, relative to the folder; undefined for members that stay packed. */
  readonly select: (member: string) => string | undefined;
  /** The most bytes that may come out, all members together. */
  readonly maxBytes: number;
  /** Called with the bytes written so far. */
  readonly onBytes?: (bytes: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Unpacks chosen members of a zip archive as streams, never a whole member in memory.
 *
 * @throws SetupError where a member would land outside the folder, or more than `maxBytes` would come out; an error of
 *   yauzl where the archive is damaged; the signal's reason where that fired.
 */
export async function unzip(archive: string, folder: string, options: UnzipOptions): Promise<void> {
  const { select, maxBytes, onBytes, signal } = options;
  let written = 0;
  let announced = 0;
  const zip = await openPromise(archive, { strictFileNames: true });
  try {
    for await (const entry of zip.eachEntry()) {
      const target = entry.fileName.endsWith("/") ? undefined : select(entry.fileName);
      if (target === undefined) continue;
      const path = inside(folder, target);
      announced += entry.uncompressedSize; // yauzl holds the stream to this size
      if (announced > maxBytes) {
        throw new SetupError(
          "SETUP_UNPACK",
          `${archive} holds more than the ${maxBytes} bytes expected: run the set-up again.`,
        );
      }
      await makeFolder(dirname(path));
      const content = await zip.openReadStreamPromise(entry);
      content.on("data", (chunk: Buffer) => onBytes?.((written += chunk.length)));
      await pipeline(content, createWriteStream(path), { ...(signal && { signal }) });
    }
  } finally {
    zip.close();
  }
}

function inside(folder: string, target: string): string {
  const path = resolve(folder, target);
  if (path.startsWith(resolve(folder) + sep)) return path;
  throw new SetupError(
    "SETUP_UNPACK",
    `"${target}" would be unpacked outside ${folder}: the archive is not to be trusted.`,
  );
}
