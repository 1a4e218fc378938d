import { type Unzipped, unzipSync, zipSync } from "fflate";
import { EngineFault } from "../engine/fault.ts";
import type { FolderFile } from "../engine/protocol.ts";

/** Largest zip file that is unpacked: it is unpacked in memory. */
const LARGEST_ZIP = 512 * 2 ** 20;

/** The files of what was dropped: folders with all that is in them, files, and what zip files hold. */
export async function droppedFiles(items: DataTransferItemList): Promise<FolderFile[]> {
  // Both are asked for at once: when the event is over, the list is empty.
  const dropped = [...items].map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const found = dropped.map(({ entry, file }) => (entry ? filesOf(entry, "") : file ? [fileItself(file)] : []));
  return unpacked((await Promise.all(found)).flat());
}

/** The files that were picked with a file dialog. */
export function pickedFiles(files: FileList): Promise<FolderFile[]> {
  return unpacked([...files].map(fileItself));
}

/** A folder as one file. Weights do not get smaller, so nothing is compressed. */
export async function zipped(files: readonly FolderFile[]): Promise<Blob> {
  const contents = await Promise.all(files.map(async ({ content }) => new Uint8Array(await content.arrayBuffer())));
  const zip = zipSync(Object.fromEntries(files.map(({ path }, i) => [path, contents[i]!])), { level: 0 });
  return new Blob([zip as Uint8Array<ArrayBuffer>], { type: "application/zip" });
}

/** What is dragged out of another page or program has no place on the disk. */
function fileItself(file: File): FolderFile {
  return { path: file.webkitRelativePath || file.name, content: file };
}

async function filesOf(entry: FileSystemEntry, parent: string): Promise<FolderFile[]> {
  const path = parent + entry.name;
  if (entry.isFile) {
    const content = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ path, content }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: FolderFile[] = [];
  while (true) {
    // A reader gives at most a hundred entries at a time.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return found;
    for (const child of entries) found.push(...(await filesOf(child, `${path}/`)));
  }
}

async function unpacked(files: readonly FolderFile[]): Promise<FolderFile[]> {
  const found = files.map(async (file): Promise<FolderFile[]> => {
    const { path, content } = file;
    if (!path.endsWith(".zip") || content.size > LARGEST_ZIP) return [file];
    const packed = new Uint8Array(await content.arrayBuffer());
    return Object.entries(unzip(path, packed))
      .filter(([name]) => !name.endsWith("/"))
      .map(([name, bytes]) => ({ path: name, content: new Blob([bytes as Uint8Array<ArrayBuffer>]) }));
  });
  return (await Promise.all(found)).flat();
}

/** @throws EngineFault `ZIP` */
function unzip(path: string, packed: Uint8Array): Unzipped {
  try {
    return unzipSync(packed, { filter: ({ originalSize }) => originalSize <= LARGEST_ZIP });
  } catch (cause) {
    throw new EngineFault("ZIP", `${path} is no zip file, or a damaged one; save it again.`, { cause });
  }
}
