/** Where files are kept between visits: the browser's private file system, or memory in tests. Paths have `/`. */
export interface FileStore {
  /** Names and sizes of the files in a folder; folders end in `/` and have size 0. Empty where there is no such folder. */
  list(folder: string): Promise<{ readonly name: string; readonly size: number }[]>;
  /** Undefined where there is no such file. */
  read(path: string): Promise<Blob | undefined>;
  /** Opens a file to write at any place, made with its folders where it is not there. */
  write(path: string): Promise<FileWriter>;
  /** In the same folder; a file that has the new name is replaced. */
  rename(path: string, name: string): Promise<void>;
  /** A file, or a folder with all that is in it; nothing where there is none. */
  remove(path: string): Promise<void>;
  /** Bytes that the browser allows in all; undefined where it does not tell. */
  quota(): Promise<number | undefined>;
}

/** An open file. Close it. */
export interface FileWriter {
  write(bytes: Uint8Array, at: number): void;
  close(): void;
}
