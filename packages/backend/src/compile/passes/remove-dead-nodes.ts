import type { Graph } from "../graph.ts";
import { nodesById } from "../rewrite.ts";

/** Drops what neither a result nor an effect needs. */
export function removeDeadNodes(graph: Graph): Graph {
  const byId = nodesById(graph);
  const needed = new Set<number>();
  const open = [...graph.results.map((value) => value.node), ...graph.effects];
  while (open.length > 0) {
    const id = open.pop() as number;
    if (needed.has(id)) continue;
    needed.add(id);
    const node = byId.get(id);
    open.push(...(node?.inputs.map((input) => input.node) ?? []), ...(node?.after ?? []));
  }
  return { ...graph, nodes: graph.nodes.filter((node) => needed.has(node.id)) };
}
