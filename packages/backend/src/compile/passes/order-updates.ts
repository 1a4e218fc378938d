import type { Graph, GraphNode } from "../graph.ts";
import { nodesById, usersOf } from "../rewrite.ts";
import { VIEWS } from "./views.ts";

/** Operations that change variables in place, and how many of their first inputs are handles. */
const HANDLES: Readonly<Record<string, number>> = {
  ResourceApplyProximalGradientDescent: 1,
  ResourceApplyAdam: 3,
  AssignAddVariableOp: 1,
  AssignSubVariableOp: 1,
};

/**
 * Lets whatever reads a variable run before the variable is changed in place. The results are the same without, but TensorFlow
 * then copies the variable for as long as someone still reads it.
 */
export function orderUpdates(graph: Graph): Graph {
  const byId = nodesById(graph);
  const users = usersOf(graph);
  const readersOf = (handle: number): number[] =>
    (users.get(handle) ?? []).filter(({ op }) => op === "ReadVariableOp").flatMap((read) => readers(read, users));
  const nodes = graph.nodes.map((node) => {
    const handles = node.inputs.slice(0, HANDLES[node.op] ?? 0).map((input) => input.node);
    const before = handles.flatMap(readersOf).filter((id) => id !== node.id && !HANDLES[byId.get(id)?.op ?? ""]);
    return before.length > 0 ? { ...node, after: [...new Set([...node.after, ...before])] } : node;
  });
  return { ...graph, nodes };
}

/** The nodes that use a value, looking through those that pass its memory on. */
function readers(node: GraphNode, users: ReadonlyMap<number, GraphNode[]>): number[] {
  return (users.get(node.id) ?? []).flatMap((user) => (VIEWS.has(user.op) ? readers(user, users) : [user.id]));
}
