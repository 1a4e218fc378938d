import { EngineFault } from "../fault.ts";
import { nameIn, parentOf } from "../paths.ts";
import type { FileStore, FileWriter } from "./file-store.ts";

/** What only workers have, and so the types of a page lack. */
interface WorkerFileHandle extends FileSystemFileHandle {
  createSyncAccessHandle(): Promise<{
    write(bytes: Uint8Array, options: { readonly at: number }): number;
    flush(): void;
    close(): void;
  }>;
  move(name: string): Promise<void>;
}

/** The browser's origin-private file system, as a worker has it. Browsers may empty it when the disk is full. */
export class PrivateStore implements FileStore {
  async list(folder: string): Promise<{ name: string; size: number }[]> {
    const directory = await this.#directory(folder, false);
    const found: { name: string; size: number }[] = [];
    for await (const [name, handle] of directory?.entries() ?? []) {
      if (handle.kind === "directory") found.push({ name: `${name}/`, size: 0 });
      else found.push({ name, size: (await (handle as FileSystemFileHandle).getFile()).size });
    }
    return found;
  }

  async read(path: string): Promise<Blob | undefined> {
    const handle = await this.#file(path, false);
    return handle?.getFile();
  }

  async write(path: string): Promise<FileWriter> {
    const handle = await this.#file(path, true);
    const access = await handle!.createSyncAccessHandle().catch((cause: unknown) => {
      throw new EngineFault("STORAGE", `${path} is in use, perhaps by another tab. Close it and try again.`, { cause });
    });
    return {
      write: (bytes, at) => {
        try {
          if (access.write(bytes, { at }) === bytes.length) return;
        } catch (cause) {
          if (!(cause instanceof DOMException && cause.name === "QuotaExceededError")) throw cause;
        }
        throw new EngineFault("STORAGE", "The browser's storage is full. Delete a model, or free some disk space.");
      },
      close: () => {
        access.flush();
        access.close();
      },
    };
  }

  async rename(path: string, name: string): Promise<void> {
    const handle = await this.#file(path, false);
    await handle?.move(name);
  }

  async remove(path: string): Promise<void> {
    const [folder, name] = [parentOf(path), nameIn(path)];
    const directory = await this.#directory(folder, false);
    await directory?.removeEntry(name, { recursive: true }).catch(ignoreMissing);
  }

  async quota(): Promise<number | undefined> {
    return (await navigator.storage.estimate()).quota;
  }

  async #directory(path: string, create: boolean): Promise<FileSystemDirectoryHandle | undefined> {
    let directory: FileSystemDirectoryHandle | undefined = await navigator.storage.getDirectory();
    for (const name of path.split("/").filter(Boolean)) {
      directory = await directory?.getDirectoryHandle(name, { create }).catch(ignoreMissing);
    }
    return directory;
  }

  async #file(path: string, create: boolean): Promise<WorkerFileHandle | undefined> {
    const [folder, name] = [parentOf(path), nameIn(path)];
    const directory = await this.#directory(folder, create);
    return (await directory?.getFileHandle(name, { create }).catch(ignoreMissing)) as WorkerFileHandle | undefined;
  }
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof DOMException && error.name === "NotFoundError") return undefined;
  throw error;
}
