import { readFile } from "node:fs/promises";
import { useBackend } from "@scratch-llm/backend/node";
import type { Host } from "../host.ts";
import { MemoryStore } from "../models/memory-store.ts";

const BUNDLED = new URL("../bundled/", import.meta.url);

/** The engine's surroundings in Node: files from the disk, downloads in memory. */
export function nodeHost(): Host {
  return {
    startBackend: useBackend,
    readText: (address) => readFile(address, "utf8"),
    async bundledModel() {
      const names = ["config.json", "tokenizer.json", "model.safetensors"];
      return new Map(
        await Promise.all(names.map(async (name) => [name, await blobAt(new URL(name, BUNDLED))] as const)),
      );
    },
    prepareOnnx: async () => 1,
    files: new MemoryStore(),
    retryDelayMs: 1,
  };
}

export async function blobAt(path: URL | string): Promise<Blob> {
  return new Blob([new Uint8Array(await readFile(path))]);
}
