import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { resolveConfig, resolveSettings } from "./resolve-config.ts";
import { RUN_PRESETS } from "./run-config.ts";
import { CLASSIFY_PRESETS, ClassifyConfig } from "./tuning/classify-config.ts";

const resolve = (assignments: string[], configFile?: string) =>
  resolveConfig({ preset: "quickstart", configFile, assignments });

describe("resolveConfig", () => {
  it("gives the preset when nothing else is said", async () => {
    expect(await resolve([])).toEqual(RUN_PRESETS.quickstart);
  });

  it("lets --set win over the file and the file over the preset", async () => {
    const file = join(await mkdtemp(join(tmpdir(), "config-")), "run.yaml");
    await writeFile(file, "train: {batchSize: 3, epochs: 7}\nseed: 5\n");
    const config = await resolve(["train.batchSize=9", "train.startContext=One day"], file);
    expect(config.train).toMatchObject({ batchSize: 9, epochs: 7, startContext: "One day" });
    expect(config.seed).toBe(5);
  });

  it("replaces a tokenizer of another kind as a whole", async () => {
    expect((await resolve(["tokenizer={kind: gpt2}"])).tokenizer).toEqual({ kind: "gpt2" });
  });

  it.each([
    ["train.batchSize=0", "train.batchSize = 0"],
    ["train.batchSze=2", "batchSze"],
    ["model.nHeads=two", 'model.nHeads = "two"'],
    ["data.trainFraction=1", "data.trainFraction = 1"],
  ])("refuses %s and names the setting", async (assignment, named) => {
    await expect(resolve([assignment])).rejects.toMatchObject({
      code: "CONFIG",
      message: expect.stringContaining(named),
    });
  });

  it("answers an unknown setting with those that there are, and a value of no kind with every kind's reason", async () => {
    const unknown = "There is no setting train.batchSze. Those of train are: ";
    await expect(resolve(["train.batchSze=2"])).rejects.toThrow(unknown);
    await expect(resolve(["train.batchSze=2"])).rejects.toThrow(/ batchSize, /u);
    await expect(resolve(["nope.x=1"])).rejects.toThrow("There is no setting nope. Settings are: seed, ");
    const kinds = resolveSettings(
      { schema: ClassifyConfig, presets: CLASSIFY_PRESETS },
      { preset: "quickstart", assignments: ["data.maxLength=abc"] },
    );
    await expect(kinds).rejects.toThrow(/^Setting data\.maxLength = "abc": .*number.*, or .*"longest".*\.$/u);
  });

  it.each(["batchSize", "=4", "train..x=1", "train.__proto__.x=1"])(
    "refuses the malformed --set %s",
    async (assignment) => {
      await expect(resolve([assignment])).rejects.toMatchObject({ code: "USAGE" });
    },
  );

  it("names the presets when one is unknown", async () => {
    await expect(resolveConfig({ preset: "nope", assignments: [] })).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("book-ch05"),
    });
  });

  it("names a file that is missing or broken", async () => {
    await expect(resolve([], "/nowhere/run.yaml")).rejects.toMatchObject({ code: "CONFIG" });
    const file = join(await mkdtemp(join(tmpdir(), "config-")), "run.json");
    await writeFile(file, "{");
    await expect(resolve([], file)).rejects.toMatchObject({ code: "CONFIG", message: expect.stringContaining(file) });
  });
});
