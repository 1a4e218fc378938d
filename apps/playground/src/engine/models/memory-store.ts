import type { FileStore, FileWriter } from "./file-store.ts";

/** Files in memory: for tests, and where the browser has no private file system. Nothing outlives the worker. */
export class MemoryStore implements FileStore {
  readonly #files: Map<string, Uint8Array<ArrayBuffer>> = new Map();

  async list(folder: string): Promise<{ name: string; size: number }[]> {
    const prefix = `${folder}/`;
    const found = new Map<string, number>();
    for (const [path, { length }] of this.#files) {
      if (!path.startsWith(prefix)) continue;
      const [name = "", ...rest] = path.slice(prefix.length).split("/");
      if (rest.length > 0) found.set(`${name}/`, 0);
      else found.set(name, length);
    }
    return Array.from(found, ([name, size]) => ({ name, size }));
  }

  async read(path: string): Promise<Blob | undefined> {
    const bytes = this.#files.get(path);
    return bytes && new Blob([bytes]);
  }

  async write(path: string): Promise<FileWriter> {
    this.#files.set(path, this.#files.get(path) ?? new Uint8Array(0));
    return {
      write: (bytes, at) => {
        const old = this.#files.get(path) ?? new Uint8Array(0);
        const grown = new Uint8Array(Math.max(old.length, at + bytes.length));
        grown.set(old);
        grown.set(bytes, at);
        this.#files.set(path, grown);
      },
      close: () => {},
    };
  }

  async rename(path: string, name: string): Promise<void> {
    const bytes = this.#files.get(path);
    if (bytes) this.#files.set(path.slice(0, path.lastIndexOf("/") + 1) + name, bytes);
    this.#files.delete(path);
  }

  async remove(path: string): Promise<void> {
    for (const file of this.#files.keys()) if (file === path || file.startsWith(`${path}/`)) this.#files.delete(file);
  }

  async quota(): Promise<undefined> {
    return undefined;
  }
}
