import { mergeConfig } from "vitest/config";
import base from "./vitest.config.ts";

/** The slow tier: 124M-sized models, real servers, long runs. One at a time. */
export default mergeConfig(base, {
  test: { include: ["**/*.slow.test.ts"], exclude: ["**/node_modules/**"], maxWorkers: 1, testTimeout: 3_600_000 },
});
