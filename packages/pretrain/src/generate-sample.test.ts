import { expectNoTensorLeak, useTestBackend } from "@test/backend.ts";
import { beforeAll, expect, it } from "vitest";
import { tinyRun } from "../test/tiny-run.ts";
import { generateSample } from "./generate-sample.ts";

beforeAll(() => useTestBackend("cpu"));

it("continues the start by 50 tokens, the same each time, and leaves the mode and the generator as they were", async () => {
  const run = tinyRun();
  const { model, tokenizer, startContext, generator } = run;
  const before = generator.position;
  const text = await generateSample({ model, tokenizer, startContext }); // causal masks are made once and stay
  await expectNoTensorLeak(async () => {
    expect(text.startsWith(startContext)).toBe(true);
    expect(await generateSample({ model, tokenizer, startContext })).toBe(text);
    expect(text.startsWith(await generateSample({ model, tokenizer, startContext, maxNewTokens: 0 }))).toBe(true);
  });
  expect(model.training).toBe(true);
  expect(generator.position).toBe(before);
  run.dispose();
});
