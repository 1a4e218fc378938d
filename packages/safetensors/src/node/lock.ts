import { randomUUID } from "node:crypto";
import { mkdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A holder touches its lock this often; one that was not touched for `STALE_MS` is left over. */
const HEARTBEAT_MS = 5000;
const STALE_MS = 60_000;
const POLL_MS = 200;

/** How {@link acquireLock} waits. */
export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once, when another process holds the lock. */
  readonly onWait?: (pid: number) => void;
}

/**
 * Takes a lock file, waiting while another process, or another call, holds it. The lock of a process that is gone is taken over.
 * It only saves work that would be done twice: what makes a file whole is a name that it gets at the end.
 *
 * @returns what releases it
 * @throws an error of Node's where the lock file cannot be written; the signal's reason
 */
export async function acquireLock(path: string, { signal, onWait }: LockOptions = {}): Promise<() => Promise<void>> {
  await mkdir(dirname(path), { recursive: true });
  const mine = JSON.stringify({ pid: process.pid, host: hostname(), id: randomUUID() });
  for (let told = false; !(await create(path, mine));) {
    signal?.throwIfAborted();
    const holder = await holderOf(path);
    if (holder.isStale && (await takeAway(path, holder.content))) continue;
    if (!told) onWait?.(holder.pid);
    told = true;
    await sleep(POLL_MS, undefined, { signal });
  }
  const heartbeat = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => {}), HEARTBEAT_MS);
  heartbeat.unref();
  return async () => {
    clearInterval(heartbeat);
    if ((await contentOf(path)) === mine) await rm(path, { force: true });
  };
}

/** Runs `work` with a lock. @throws what {@link acquireLock} throws, and what `work` throws */
export async function withLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const release = await acquireLock(path, options);
  try {
    return await work();
  } finally {
    await release();
  }
}

async function create(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

interface Holder {
  readonly content: string | undefined;
  readonly pid: number;
  readonly isStale: boolean;
}

async function holderOf(path: string): Promise<Holder> {
  const content = await contentOf(path);
  const age = await ageOf(path);
  const { pid, host } = parse(content);
  const isDead = host === hostname() && !isAlive(pid);
  return { content, pid, isStale: content !== undefined && (isDead || age > STALE_MS) };
}

/** A lock that cannot be read (a process died while writing it) has no process; its age decides. */
function parse(content: string | undefined): { pid: number; host: string } {
  try {
    return JSON.parse(content ?? "") as { pid: number; host: string };
  } catch {
    return { pid: 0, host: "" };
  }
}

/**
 * Removes a left-over lock. A second lock file lets one process at a time look and remove, so that nobody removes what another
 * has created meanwhile.
 *
 * @returns whether it was this process's turn
 */
async function takeAway(path: string, content: string | undefined): Promise<boolean> {
  const turn = `${path}.takeover`;
  if (!(await create(turn, ""))) {
    if ((await ageOf(turn)) > STALE_MS) await rm(turn, { force: true }); // left over as well
    return false;
  }
  try {
    if ((await contentOf(path)) === content) await rm(path, { force: true });
  } finally {
    await rm(turn, { force: true });
  }
  return true;
}

/** Milliseconds since a file was touched; 0 when it is gone. */
function ageOf(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );
}

function contentOf(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
