import { DownloadError } from "./download-error.ts";

/** What a download would fetch. */
export interface DownloadPlan {
  /** The model's full name. */
  readonly name: string;
  /** Of a repository. */
  readonly commit?: string;
  /** Who is asked. */
  readonly endpoint: string;
  /** Where the files will lie. */
  readonly folder: string;
  readonly files: readonly { readonly name: string; readonly size: number; readonly isCached: boolean }[];
  /** Bytes of the files that are not there yet. */
  readonly missingBytes: number;
}

interface Sized {
  readonly name: string;
  readonly size: number;
}

/** Marks the files of a plan that are there already. */
export function planFiles<File extends Sized>(
  files: readonly File[],
  cached: ReadonlySet<File>,
): Pick<DownloadPlan, "files" | "missingBytes"> & { readonly missing: readonly File[] } {
  const missing = files.filter((file) => !cached.has(file));
  return {
    missing,
    missingBytes: totalSize(missing),
    files: files.map((file) => ({ name: file.name, size: file.size, isCached: cached.has(file) })),
  };
}

/** Bytes of all files together. */
export function totalSize(files: readonly { readonly size: number }[]): number {
  return files.reduce((total, { size }) => total + size, 0);
}

/** Why there is no plan without a network. */
export function cannotAsk(endpoint: string): DownloadError {
  return new DownloadError("OFFLINE", `HF_HUB_OFFLINE is set, so ${endpoint} is not asked; unset it.`);
}
