import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as tf from "@tensorflow/tfjs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { findInstallation } from "../native/installation.ts";
import { addonPaths } from "../native/load.ts";
import { locateTfjsNode } from "../native/tfjs-node.ts";
import { useBackend } from "./use-backend.ts";

const tfjsNode = locateTfjsNode();
const installation = tfjsNode && findInstallation(tfjsNode);

afterEach(() => {
  vi.unstubAllEnvs();
});

it("says how to get what is missing", async () => {
  vi.stubEnv("XDG_CACHE_HOME", "/nowhere");
  await expect(useBackend("native")).rejects.toThrow(
    "Native TensorFlow is not set up: run `scratch-llm backend setup`, or setupNative() in a program.",
  );
  const { name, reason } = await useBackend("auto");
  expect(name).toBe("wasm");
  expect(reason).toMatch(/^Native TensorFlow is not set up: .*[^.]$/);
  await expect(useBackend("webgpu")).rejects.toThrow("WebGPU does not exist here: use a browser that has it");
});

it("describes WASM and cpu", async () => {
  const wasm = await useBackend("wasm");
  expect(wasm).toMatchObject({ name: "wasm", threads: 1, versions: { "tfjs-backend-wasm": "4.22.0" } });
  expect(wasm.memoryLimitBytes).toBeLessThan(2 ** 32);
  const warn = vi.spyOn(console, "warn");
  const cpu = await useBackend("cpu");
  expect(cpu.memoryLimitBytes).toBeGreaterThan(2 ** 28);
  tf.zeros([2]).add(1).dispose();
  expect(warn).not.toHaveBeenCalled();
});

describe.skipIf(!installation)("native TensorFlow, where it is set up", () => {
  it("is what auto takes", async () => {
    const { name, versions, threads } = await useBackend("auto");
    expect(name).toBe("native");
    expect(versions).toMatchObject({ "tfjs-node": "4.22.0", tensorflow: expect.stringMatching(/^2\./) });
    expect(threads).toBeGreaterThan(0);
    expect(tf.getBackend()).toBe("tensorflow");
  });

  it("prints nothing when it loads", async () => {
    if (!tfjsNode || !installation) throw new Error("not set up");
    const check = fileURLToPath(new URL("../../native/check.cjs", import.meta.url));
    const paths = JSON.stringify(addonPaths(tfjsNode, installation));
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [check, paths]);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^2\.\d+\.\d+$/);
  });
});
