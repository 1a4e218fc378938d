import { beforeAll, describe, expect, it } from "vitest";
import type { EngineClient, StreamItem } from "../client.ts";
import { DEFAULT_TUNING } from "../defaults.ts";
import type { TuningSettings } from "../protocol.ts";
import { engineClient } from "../testing/engine-client.ts";

describe("fine-tuning the bundled model on WASM", () => {
  let engine: EngineClient;
  beforeAll(async () => {
    ({ engine } = engineClient());
    await engine.start("wasm");
    await engine.call("loadModel", { model: "tiny", source: { kind: "bundled" } });
    return () => engine.dispose();
  });

  async function tune(task: "classify" | "instruct", changes: Partial<TuningSettings>) {
    const settings = { ...DEFAULT_TUNING[task], ...changes };
    const info = await engine.call("newTuning", { run: task, model: "tiny", task, settings });
    const items: StreamItem<"train">[] = [];
    for await (const item of engine.stream("train", { run: task })) items.push(item);
    return { info, items };
  }

  it("learns to tell spam, and classifies beside the model that has not", async () => {
    const { info, items } = await tune("classify", { epochs: 1, maxLength: 24, learningRate: 1e-3 });
    expect(info).toMatchObject({ counts: { skipped: 0 }, reason: "ready" });
    expect(info.trainableParams).toBe(info.params);
    const epochs = items.filter((item) => item.type === "epoch");
    expect(epochs).toHaveLength(1);
    expect(epochs.at(-1)?.valAccuracy).toBeGreaterThan(0.6);
    const texts = info.heldOut.filter((entry) => entry.task === "classify").slice(0, 30);
    let [base, tuned] = [0, 0];
    for (const { text, label } of texts) {
      const found = await engine.call("classify", { run: "classify", text });
      base += Number(found.base.label === label);
      tuned += Number(found.tuned.label === label);
      expect(found.tuned.probabilities.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
    }
    expect(tuned).toBeGreaterThan(20);
    expect(tuned).toBeGreaterThan(base);
  });

  it("learns to answer with LoRA layers alone, and the base model stays what it was", async () => {
    const ids = Int32Array.of(5, 300, 20);
    const before = await engine.call("nextToken", { model: "tiny", ids });
    const { info, items } = await tune("instruct", { epochs: 1 });
    expect(info.trainableParams).toBeLessThan(info.params / 4);
    const losses = items.filter((item) => item.type === "eval").map((item) => item.valLoss);
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    expect(await engine.call("nextToken", { model: "tiny", ids })).toEqual(before);

    const [task] = info.heldOut.filter((entry) => entry.task === "instruct");
    const ask = { run: "instruct", maxNewTokens: 20, instruction: task!.instruction, input: task!.input };
    const [base, tuned] = [
      await engine.call("respond", { ...ask, which: "base" }),
      await engine.call("respond", { ...ask, which: "tuned" }),
    ];
    expect(base.promptIds).toEqual(tuned.promptIds);
    expect(tuned.text).not.toBe(base.text);
  });

  it("refuses what a run is not", async () => {
    await expect(engine.call("classify", { run: "instruct", text: "a" })).rejects.toMatchObject({ code: "NOT_TUNED" });
    await expect(engine.call("saveRun", { run: "classify" })).rejects.toMatchObject({ code: "NOT_TUNED" });
    const source = { kind: "run", run: "classify" } as const;
    await expect(engine.call("loadModel", { model: "x", source })).rejects.toMatchObject({ code: "NOT_TUNED" });
  });
});
