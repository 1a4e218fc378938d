import type { Graph } from "./graph.ts";
import { expandAdamW } from "./passes/expand-adamw.ts";
import { removeDeadNodes } from "./passes/remove-dead-nodes.ts";

/** What {@link optimize} may be told. */
export interface OptimizeOptions {
  readonly precision: "f32" | "bf16";
  readonly recompute: "block" | "none";
}

/** The graph that TensorFlow gets: the recorded one, passed through everything that makes it faster. */
export function optimize(graph: Graph, _options: OptimizeOptions): Graph {
  return [expandAdamW, removeDeadNodes].reduce((current, pass) => pass(current), graph);
}
