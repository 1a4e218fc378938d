import { defineConfig } from "vitest/config";

const pathOf = (path: string): string => new URL(path, import.meta.url).pathname;

export default defineConfig({
  ssr: { resolve: { conditions: ["@scratch-llm/source"] } },
  resolve: {
    alias: {
      "@test": pathOf("./test"),
      // The condition does not reach the global set-up, which runs before anything is built.
      "@scratch-llm/safetensors/node": pathOf("./packages/safetensors/src/node.ts"),
    },
  },
  test: {
    include: ["packages/*/{src,examples}/**/*.test.ts", "apps/*/{src,test}/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["**/*.slow.test.ts", "**/node_modules/**"],
    globalSetup: ["test/global-setup.ts"],
    pool: "forks",
    maxWorkers: 2,
    // Tests of whole processes and pages share a small machine there; one that fails three times is wrong.
    retry: process.env["CI"] ? 2 : 0,
    testTimeout: 180_000, // many start processes, which a busy machine makes ten times slower
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } }, // as long as the browser's tests wait for anything else
  },
});
