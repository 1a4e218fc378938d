import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { importModel } from "./imported-models.ts";

afterEach(() => vi.unstubAllEnvs());

it.runIf(process.platform === "linux")("says at once that a cache takes no folders", async () => {
  const folder = await mkdtemp(join(tmpdir(), "imported-"));
  vi.stubEnv("XDG_CACHE_HOME", "/proc/nowhere");
  await expect(importModel(folder, "mine")).rejects.toMatchObject({ code: "WRITE_FAILED" });
  await rm(folder, { recursive: true });
});
