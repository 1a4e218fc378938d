import { beforeEach, describe, expect, it } from "vitest";
import type { EngineClient, EngineState, StreamItem } from "./client.ts";
import type { Params, Result } from "./protocol.ts";
import { drawToken, filterLogits } from "./sampling.ts";
import { type ChannelWorker, engineClient } from "./testing/engine-client.ts";

const TINY = { model: "tiny", source: { kind: "bundled" } } as const;
const KNOBS = { model: "tiny", sampling: { temperature: 0 }, seed: 123, maxNewTokens: 12 } as const;

let engine: EngineClient;
let workers: ChannelWorker[];
beforeEach(() => {
  ({ engine, workers } = engineClient());
  return () => engine.dispose();
});

/** What is streamed, and the answer. */
async function written(
  request: Params<"generate">,
  afterToken: (count: number) => unknown = () => {},
): Promise<{ text: string; result: Result<"generate"> | undefined }> {
  let text = "";
  let tokens = 0;
  let result: Result<"generate"> | undefined;
  for await (const item of engine.stream("generate", request)) {
    if (item.type === "done") result = item.result;
    else {
      text += item.text;
      afterToken(++tokens);
    }
  }
  return { text, result };
}

describe("asking the engine", () => {
  it("tells the backend, loads the bundled model and writes what it learned", async () => {
    const status = await engine.start("cpu");
    expect(status).toMatchObject({ backend: "cpu", choice: "cpu", refused: [], threads: 1, adapter: null });
    const info = await engine.call("loadModel", TINY);
    expect(info).toMatchObject({ model: "tiny", source: "bundled", config: { vocabSize: 1536 } });
    const { text: streamed, result } = await written({ ...KNOBS, prompt: "The Patience" });
    expect(result).toMatchObject({ text: streamed, finishReason: "length" });
    expect(streamed).toContain("goat");
    expect((await engine.call("status", {})).numTensors).toBeGreaterThan(40);
  });

  it("waits with a question until the model that is being loaded is there", async () => {
    await engine.start("cpu");
    const loading = engine.call("loadModel", TINY);
    const ids = await engine.call("encode", { model: "tiny", text: "何大娘" });
    const tokens = await engine.call("tokens", { model: "tiny", ids });
    expect(tokens.map(({ text }) => text).join("")).toContain("何");
    await loading;
    expect(await engine.call("vocabulary", { model: "tiny" })).toHaveLength(1536);
  });

  it("answers with errors by code, and goes on", async () => {
    await engine.start("cpu");
    const asked = engine.call("nextToken", { model: "none", ids: Int32Array.of(1) });
    await expect(asked).rejects.toMatchObject({ code: "MODEL_UNKNOWN", name: "EngineFault" });
    await expect(engine.call("train", { run: "none" })).rejects.toMatchObject({ code: "RUN_UNKNOWN" });
    await engine.call("loadModel", TINY);
  });

  it("stops within a token, and what was written is the answer", async () => {
    await engine.start("cpu");
    await engine.call("loadModel", TINY);
    const stop = new AbortController();
    const prompt = "The Patience";
    const items: StreamItem<"generate">[] = [];
    const asked = { ...KNOBS, prompt, maxNewTokens: 60 };
    for await (const item of engine.stream("generate", asked, { signal: stop.signal })) {
      items.push(item);
      if (items.length === 3) stop.abort();
    }
    expect(items.length - 1 - 3).toBeLessThanOrEqual(1);
    expect(items.at(-1)).toMatchObject({ type: "done", result: { finishReason: "aborted" } });
    const next = await engine.call("generate", { ...KNOBS, prompt }); // and then a new one works
    expect(next.ids).toHaveLength(12);
  });

  it("draws on the page what the engine draws", async () => {
    await engine.start("cpu");
    await engine.call("loadModel", TINY);
    const sampling = { temperature: 1.5, topK: 40, topP: 0.95 };
    const prompt = await engine.call("encode", { model: "tiny", text: "He said" });
    const logits = await engine.call("nextToken", { model: "tiny", ids: prompt });
    for (const seed of [1, 2, 3]) {
      const { ids } = await engine.call("generate", { ...KNOBS, prompt, sampling, seed, maxNewTokens: 1 });
      expect(drawToken(filterLogits(logits, sampling), seed)).toBe(ids[0]);
    }
  });

  it("writes the same with and without the cache", async () => {
    await engine.start("cpu");
    await engine.call("loadModel", TINY);
    const ask = (useCache: boolean) => engine.call("generate", { ...KNOBS, prompt: "何大娘", useCache });
    expect((await ask(true)).ids).toEqual((await ask(false)).ids);
  });
});

describe("a worker that dies", () => {
  const phases = (): string[] => {
    const seen: string[] = [];
    engine.subscribe((state: EngineState) => seen.push(state.phase === "ready" ? state.status.backend : state.phase));
    return seen;
  };

  it("is replaced: models come back and what can be asked twice is answered", async () => {
    await engine.start("cpu");
    await engine.call("loadModel", TINY);
    const seen = phases();
    const asked = engine.call("encode", { model: "tiny", text: "The" });
    const training = engine.call("train", { run: "none" });
    workers[0]?.crash();
    await expect(training).rejects.toMatchObject({ code: "ENGINE_RESTARTED" });
    expect(await asked).toHaveLength(1);
    expect(seen).toEqual(["recovering", "cpu"]);
    expect(workers).toHaveLength(2);
  });

  it("goes on writing where it was", async () => {
    await engine.start("cpu");
    await engine.call("loadModel", TINY);
    const request = { ...KNOBS, prompt: "The Patience", sampling: { temperature: 0.8 } };
    const undisturbed = await engine.call("generate", request);
    const { text, result } = await written(request, (tokens) => tokens === 4 && workers[0]?.crash());
    expect(result?.text).toBe(text);
    expect(text).toBe(undisturbed.text);
  });

  it("falls back to WASM the second time, and gives up the third", async () => {
    await engine.start("cpu");
    const seen = phases();
    workers[0]?.crash();
    await engine.call("status", {});
    workers[1]?.crash();
    expect(await engine.call("status", {})).toMatchObject({ backend: "wasm" });
    workers[2]?.crash();
    await expect(engine.call("status", {})).rejects.toMatchObject({ code: "ENGINE_DEAD" });
    expect(seen).toEqual(["recovering", "cpu", "recovering", "wasm", "failed"]);
    expect(await engine.start("cpu")).toMatchObject({ backend: "cpu" }); // the page may try again
  });

  it("is replaced when its graphics device is lost", async () => {
    await engine.start("cpu");
    const training = engine.call("train", { run: "none" });
    workers[0]?.lose();
    await expect(training).rejects.toThrow("The engine had to be restarted (destroyed); ask again.");
    expect(await engine.call("status", {})).toMatchObject({ backend: "cpu" });
    expect(engine.state).toMatchObject({ phase: "ready", recovered: { code: "ENGINE_RESTARTED" } });
    expect(workers).toHaveLength(2);
  });

  it("that was given up already is not heard again", async () => {
    await engine.start("cpu");
    workers[0]?.lose();
    workers[0]?.lose(); // a refused operation, and then the device itself
    await engine.call("status", {});
    expect(workers).toHaveLength(2);
  });
});
