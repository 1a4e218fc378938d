import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

/**
 * Bundles a TypeScript module of this repository so that a Node process of its own can run it, whatever its version:
 * for tests of what happens between processes, or when one is killed.
 *
 * @returns the path of the bundle
 */
export async function bundleForNode(source: URL, folder: string): Promise<string> {
  const entry = fileURLToPath(source);
  await build({
    configFile: false,
    logLevel: "silent",
    ssr: { noExternal: true, resolve: { conditions: ["@scratch-llm/source"] } },
    build: {
      ssr: entry,
      outDir: folder,
      emptyOutDir: false,
      rollupOptions: { output: { entryFileNames: "bundle.mjs" } },
    },
  });
  return join(folder, "bundle.mjs");
}
