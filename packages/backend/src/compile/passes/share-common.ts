import type { Graph, GraphNode, Value } from "../graph.ts";
import { rewrite } from "../rewrite.ts";

/** What must run as often as it is written: state, inputs and effects. */
const UNIQUE: ReadonlySet<string> = new Set(["Placeholder", "VarHandleOp", "ReadVariableOp", "Const"]);

/** Operations that are alike in everything become one (every layer makes the same causal mask, say). */
export function shareCommon(graph: Graph): Graph {
  const effects = new Set(graph.effects);
  const known = new Map<string, readonly Value[]>();
  return rewrite(graph, (node) => {
    if (UNIQUE.has(node.op) || effects.has(node.id)) return undefined;
    const key = keyOf(node);
    const same = known.get(key);
    if (!same)
      known.set(
        key,
        node.outputs.map((_, output) => ({ node: node.id, output })),
      );
    return same;
  });
}

function keyOf({ op, inputs, after, attrs }: GraphNode): string {
  return JSON.stringify([
    op,
    inputs.map(({ node, output }) => [node, output]),
    after,
    Object.entries(attrs).toSorted(),
  ]);
}
