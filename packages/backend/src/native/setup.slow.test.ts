import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { SetupEvent } from "./events.ts";
import { currentPlatform } from "./platform.ts";
import { setupNative } from "./setup.ts";
import { nativeStatus, removeNative } from "./status.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "setup-"));
  vi.stubEnv("XDG_CACHE_HOME", folder);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** Needs the network, Python with pip and g++: about half a minute and 1.2 GB of disk. */
it.skipIf(!currentPlatform()?.wheel)(
  "sets native TensorFlow up in an empty cache, once for two at the same time",
  async () => {
    const events: SetupEvent[][] = [[], []];
    const started = Date.now();
    const results = await Promise.all(events.map((list) => setupNative({ onProgress: (event) => list.push(event) })));
    console.log(`Set up in ${(Date.now() - started) / 1000} s.`);
    expect(results[0]).toEqual(results[1]);
    expect(results[0]).toMatchObject({ source: "wheel", tensorflow: "2.21.0" });

    const phases = events.map((list) => [...new Set(list.map(({ phase }) => phase))]);
    const builds = ["download", "unpack", "compile", "check"];
    const waits = ["wait", "check"];
    expect([phases, phases.toReversed()]).toContainEqual([builds, waits]);
    const downloads = events.flat().filter(({ phase }) => phase === "download");
    expect(downloads.at(-1)?.bytes).toBe(downloads.at(-1)?.totalBytes);
    expect(downloads.map(({ bytes }) => bytes)).toEqual(
      downloads.map(({ bytes = 0 }) => bytes).toSorted((a, b) => a - b),
    );

    // Those of earlier versions, without kernels or with others, get them.
    const manifest = join(results[0]!.folder, "installation.json");
    const { kernels, ...rest } = JSON.parse(await readFile(manifest, "utf8")) as { kernels: object };
    expect(kernels).toBeDefined();
    for (const older of [rest, { ...rest, kernels: { ...kernels, build: "older" } }]) {
      await writeFile(manifest, JSON.stringify(older));
      expect(await nativeStatus()).toMatchObject({ ready: true, complete: false });
      expect(await setupNative()).toEqual(results[0]);
      expect(JSON.parse(await readFile(manifest, "utf8"))).toEqual({ ...rest, kernels });
    }

    const status = await nativeStatus();
    expect(status).toMatchObject({ ready: true, complete: true, source: "wheel" });
    expect(status.cacheBytes).toBeGreaterThan(5e8);
    expect(status.cacheBytes).toBeLessThan(1e9);
    expect(process.resourceUsage().maxRSS * 1024).toBeLessThan(500e6); // no library was ever whole in memory

    expect(await removeNative()).toBe(status.cacheBytes);
    expect((await nativeStatus()).ready).toBe(false);
  },
);
