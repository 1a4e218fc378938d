export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once, when another process holds the lock. */
  readonly onWait?: (holder: { pid: number }) => void;
}
/**
 * Takes a lock file, waiting while another process holds it. The lock of a process that is gone is taken over.
 *
 * The lock only saves work: who builds, builds in a folder of its own and renames it at the end.
 *
 * @returns what releases it
 */
export declare function acquireLock(path: string, { signal, onWait }?: LockOptions): Promise<() => Promise<void>>;
//# sourceMappingURL=lock.d.ts.map
