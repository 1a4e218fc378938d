import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { expect, test } from "vitest";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));

/** What a fresh Node prints when it runs `code`, in which `nn` is this package. */
async function output(code: string): Promise<string> {
  const folder = mkdtempSync(join(PACKAGE, "node_modules", ".quiet-"));
  try {
    await build({
      root: PACKAGE,
      logLevel: "silent",
      configFile: false,
      build: { ssr: "src/index.ts", outDir: folder, minify: false, target: "node20" },
    });
    const script = `import * as tf from "@tensorflow/tfjs"; import * as nn from "./index.js"; ${code}`;
    const node = spawnSync(process.execPath, ["--input-type=module", "-e", script.replace("./", `${folder}/`)], {
      cwd: PACKAGE,
      encoding: "utf8",
    });
    return node.stdout + node.stderr;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("importing and first using the package prints nothing", async () => {
  expect(await output("new nn.Linear(2, 2).forward(tf.ones([1, 2])).dataSync()")).toBe("");
});

test("a user's warnings still appear", async () => {
  const printed = await output("tf.registerKernel({ kernelName: 'Add', backendName: 'cpu', kernelFunc: () => [] })");
  expect(printed).toContain("already registered");
});
