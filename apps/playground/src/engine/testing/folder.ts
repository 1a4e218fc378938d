import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { FolderFile } from "../protocol.ts";
import { blobAt } from "./node-host.ts";

/** The files of a folder on the disk, as a browser hands them over when the folder is dropped. */
export async function dropped(folder: string): Promise<FolderFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const name = folder.split("/").at(-1)!;
  return Promise.all(
    files.map(async (file) => ({ path: `${name}/${file.slice(folder.length + 1)}`, content: await blobAt(file) })),
  );
}

/** Writes what the page would save. */
export async function writeFolder(folder: string, files: readonly FolderFile[]): Promise<void> {
  for (const { path, content } of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), new Uint8Array(await content.arrayBuffer()));
  }
}
