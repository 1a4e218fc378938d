import type { BackendInfo } from "@scratch-llm/backend/node";
import { GPT_CONFIG_124M } from "@scratch-llm/gpt";
import { describe, expect, it } from "vitest";
import { type MemoryRequest, requireMemory } from "./memory-check.ts";
import { estimateTrainingMemory } from "./memory-estimate.ts";
import { chooseMessages } from "./messages/messages.ts";

const GB = 1e9;
const native: BackendInfo = { name: "native", reason: "", versions: {}, threads: 2, memoryLimitBytes: 24 * GB };
const book = { ...GPT_CONFIG_124M, contextLength: 256 };
const request = { config: book, batchSize: 2, backend: native, kind: "compiled" } as const;
const messages = chooseMessages([], { LANG: "C" });

describe("memory before a run", () => {
  it("lies a little above what was measured for the book's 124M model", () => {
    expect(estimateTrainingMemory(book, 2, "native", "compiled") / GB).toBeGreaterThan(4.45);
    expect(estimateTrainingMemory(book, 2, "native", "compiled") / GB).toBeLessThan(5.5);
    expect(estimateTrainingMemory(book, 2, "native", "eager") / GB).toBeGreaterThan(7.89);
    expect(estimateTrainingMemory(book, 2, "native", "eager") / GB).toBeLessThan(9);
  });

  it("grows with the tokens as measured, less with recomputation, and not with logits that never exist whole", () => {
    const long = { ...GPT_CONFIG_124M, contextLength: 1024 };
    const compiled = estimateTrainingMemory(long, 4, "native", "compiled") / GB;
    expect(compiled).toBeGreaterThan(8.93);
    expect(compiled).toBeLessThan(13.5);
    const undropped = estimateTrainingMemory({ ...long, dropRate: 0 }, 4, "native", "compiled") / GB;
    expect(undropped).toBeGreaterThan(8.93);
    expect(undropped).toBeLessThan(11);
    const recomputed = estimateTrainingMemory(long, 4, "native", "recomputed") / GB;
    expect(recomputed).toBeGreaterThan(5.76);
    expect(recomputed).toBeLessThan(7);
  });

  it("offers recomputation first where that is enough", () => {
    const long = { ...request, config: { ...GPT_CONFIG_124M, contextLength: 1024 }, batchSize: 4 };
    const needed = estimateTrainingMemory(long.config, 4, "native", "compiled");
    const refuse = (change: Partial<MemoryRequest>) => () =>
      requireMemory({ needed, available: 7 * GB }, { ...long, ...change }, messages);
    expect(refuse({})).toThrowError(/Try --recompute block \(about 6\.\d GB\)/u);
    expect(refuse({ kind: "recomputed" })).toThrowError(/Try --set train\.batchSize=2/u);
    expect(refuse({ kind: "eager" })).toThrowError(/Try --set train\.batchSize=1/u);
  });

  it("lets a run begin that fits, and names the batch and context that would when it does not", () => {
    const needed = estimateTrainingMemory(book, 16, "native", "compiled");
    expect(() => requireMemory({ needed, available: needed }, { ...request, batchSize: 16 }, messages)).not.toThrow();
    const refuse = () => requireMemory({ needed, available: 5 * GB }, { ...request, batchSize: 16 }, messages);
    expect(refuse).toThrowError(/--set train\.batchSize=\d+/u);
    expect(() => requireMemory({ needed, available: 1 * GB }, request, messages)).toThrowError(/smaller model/u);
  });
});
