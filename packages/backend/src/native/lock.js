import { randomUUID } from "node:crypto";
import { link, mkdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
/** A holder touches its lock this often; one that was not touched for `STALE` is left over. */
const HEARTBEAT = 5_000;
const STALE = 60_000;
const POLL = 250;
/**
 * Takes a lock file, waiting while another process holds it. The lock of a process that is gone is taken over.
 *
 * The lock only saves work: who builds, builds in a folder of its own and renames it at the end.
 *
 * @returns what releases it
 */
export async function acquireLock(path, { signal, onWait } = {}) {
  await mkdir(dirname(path), { recursive: true });
  const mine = JSON.stringify({ pid: process.pid, host: hostname(), id: randomUUID() });
  let told = false;
  while (!(await create(path, mine))) {
    signal?.throwIfAborted();
    const holder = await leftOver(path);
    if (holder.stale) {
      await takeAway(path, holder.content);
      continue;
    }
    if (!told) onWait?.({ pid: holder.pid });
    told = true;
    await sleep(POLL, undefined, { signal });
  }
  const heartbeat = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => {}), HEARTBEAT);
  heartbeat.unref();
  return async () => {
    clearInterval(heartbeat);
    if ((await contentOf(path)) === mine) await rm(path, { force: true });
  };
}
async function create(path, content) {
  try {
    await writeFile(path, content, { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}
async function leftOver(path) {
  const content = await contentOf(path);
  const age = await stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );
  const { pid, host } = parse(content);
  const dead = host === hostname() && !isAlive(pid);
  return { content, pid, stale: content !== undefined && (dead || age > STALE) };
}
/** An unreadable lock (a process died while writing it) has no process; its age decides. */
function parse(content) {
  try {
    return JSON.parse(content ?? "");
  } catch {
    return { pid: 0, host: "" };
  }
}
/** Removes a left-over lock, unless another process took it over meanwhile: then it gets it back. */
async function takeAway(path, content) {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return; // somebody was faster
  }
  if ((await contentOf(aside)) !== content) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}
async function contentOf(path) {
  return readFile(path, "utf8").catch(() => undefined);
}
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
//# sourceMappingURL=lock.js.map
