import { CompileError } from "./compile-error.ts";
import type { Graph } from "./graph.ts";
import { peakMemory } from "./peak-memory.ts";

/**
 * Refuses a graph that would not fit, before it runs: a system that is out of memory ends the process without a word.
 *
 * @throws CompileError
 */
export function requireMemory(title: string, graph: Graph, available: number = process.availableMemory()): void {
  const needed = peakMemory(graph);
  if (needed <= available) return;
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new CompileError(
    "COMPILE_OUT_OF_MEMORY",
    `${title} needs about ${gigabytes(needed)} for its intermediate results, and ${gigabytes(available)} are free. ` +
      'Use a smaller batch or context, or { recompute: "block" }.',
  );
}
