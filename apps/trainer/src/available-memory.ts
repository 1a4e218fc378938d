import { readFile } from "node:fs/promises";
import { freemem } from "node:os";

/**
 * Bytes that this process may still take: what the system has free or can free, and no more than a container allows.
 * Source: /proc/meminfo MemAvailable; cgroup v2 memory.max and memory.current.
 */
export async function availableMemory(): Promise<number> {
  const meminfo = await readFile("/proc/meminfo", "utf8").catch(() => "");
  const kilobytes = /^MemAvailable:\s+(\d+) kB/mu.exec(meminfo)?.[1];
  const system = kilobytes === undefined ? freemem() : Number(kilobytes) * 1024;
  const limit = Number(await readFile("/sys/fs/cgroup/memory.max", "utf8").catch(() => "max"));
  const used = Number(await readFile("/sys/fs/cgroup/memory.current", "utf8").catch(() => "0"));
  return Number.isFinite(limit) ? Math.min(system, Math.max(0, limit - used)) : system;
}
