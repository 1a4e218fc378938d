import { defineConfig } from "vitest/config";
import base from "./vitest.config.ts";

/** The slow tier: 124M-sized models, real servers, long runs. One at a time. */
export default defineConfig({
  ...base,
  test: {
    ...base.test, // not mergeConfig: it would add to the lists and keep the exclusion of slow tests
    include: ["packages/*/src/**/*.slow.test.ts", "apps/*/{src,test}/**/*.slow.test.ts", "test/**/*.slow.test.ts"],
    exclude: ["**/node_modules/**"],
    maxWorkers: 1,
    testTimeout: 3_600_000,
  },
});
