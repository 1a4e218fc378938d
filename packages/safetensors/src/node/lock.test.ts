import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { acquireLock } from "./lock.ts";

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lock-"));
  path = join(folder, "deep", "setup.lock");
});

afterEach(() => rm(folder, { recursive: true }));

/** The number of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ["-e", ""]).pid;
}

it("lets one in after the other", async () => {
  const order: string[] = [];
  const first = await acquireLock(path);
  let begin = (): void => {};
  const waits = new Promise<void>((resolve) => (begin = resolve));
  const onWait = (pid: number): void => (order.push(`waits for ${pid}`), begin());
  const waiting = acquireLock(path, { onWait }).then(async (release) => {
    order.push("second");
    await release();
  });
  await waits;
  await sleep(100); // it does not give up, nor help itself
  order.push("first is done");
  await first();
  await waiting;
  expect(order).toEqual([`waits for ${process.pid}`, "first is done", "second"]);
  expect(await readdir(join(folder, "deep"))).toEqual([]);
});

it("takes over the lock of a process that is gone, and only one process does", async () => {
  await (
    await acquireLock(path)
  )();
  await writeFile(path, JSON.stringify({ pid: deadPid(), host: hostname() }));
  let inside = 0;
  const enter = async (): Promise<void> => {
    const release = await acquireLock(path);
    expect(++inside).toBe(1);
    await sleep(20);
    inside--;
    await release();
  };
  await Promise.all(Array.from({ length: 5 }, enter));
  expect(await readdir(join(folder, "deep"))).toEqual([]);
});

it("takes over a lock that nobody has touched for long, whosever it is", async () => {
  await (
    await acquireLock(path)
  )();
  await writeFile(path, JSON.stringify({ pid: 1, host: "another-computer" }));
  const old = new Date(Date.now() - 120_000);
  await utimes(path, old, old);
  const release = await acquireLock(path);
  expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ pid: process.pid });
  await release();
});

it("takes over although a process died while it was taking over", async () => {
  await (
    await acquireLock(path)
  )();
  await writeFile(path, JSON.stringify({ pid: deadPid(), host: hostname() }));
  const old = new Date(Date.now() - 120_000);
  await writeFile(`${path}.takeover`, "");
  await utimes(`${path}.takeover`, old, old);
  const release = await acquireLock(path);
  await release();
  expect(await readdir(join(folder, "deep"))).toEqual([]);
});

it("stops waiting when it is told to", async () => {
  const release = await acquireLock(path);
  const stop = new AbortController();
  const waiting = acquireLock(path, { signal: stop.signal, onWait: () => stop.abort(new Error("enough")) });
  await expect(waiting).rejects.toThrow(/enough|abort/);
  await release();
});
