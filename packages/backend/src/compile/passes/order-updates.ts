import type { Graph, GraphNode } from "../graph.ts";
import { usersOf } from "../rewrite.ts";
import { VIEWS } from "./views.ts";

/** Operations that change variables in place, and how many of their first inputs are handles. */
const HANDLES: Readonly<Record<string, number>> = {
  ResourceApplyProximalGradientDescent: 1,
  ResourceApplyAdam: 3,
  AssignAddVariableOp: 1,
  AssignSubVariableOp: 1,
  ResourceStridedSliceAssign: 1,
};

/**
 * Lets whatever uses the old value of a variable run before the variable is changed in place. A read must come first, or it
 * would see the new value; its users need not, but while one of them still holds the old value TensorFlow copies the variable.
 */
export function orderUpdates(graph: Graph): Graph {
  const users = usersOf(graph);
  const followers = followersOf(graph);
  const nodes = graph.nodes.map((node) => {
    const handles = node.inputs.slice(0, HANDLES[node.op] ?? 0);
    if (handles.length === 0) return node;
    const reads = handles.flatMap((handle) => (users.get(handle.node) ?? []).filter(isFirstRead));
    const later = dependents(node.id, followers);
    const before = [...reads, ...reads.flatMap((read) => readers(read, users))].filter(
      ({ id, op }) => id !== node.id && !HANDLES[op] && !later.has(id),
    );
    return { ...node, after: [...new Set([...node.after, ...before.map(({ id }) => id)])] };
  });
  return { ...graph, nodes };
}

/** A read that waits for something is one of a new value. */
function isFirstRead({ op, after }: GraphNode): boolean {
  return op === "ReadVariableOp" && after.length === 0;
}

/** The nodes that use a value, looking through those that pass its memory on. */
function readers(node: GraphNode, users: ReadonlyMap<number, GraphNode[]>): GraphNode[] {
  return (users.get(node.id) ?? []).flatMap((user) => (VIEWS.has(user.op) ? readers(user, users) : [user]));
}

/** Which nodes cannot run before each node has. */
function followersOf(graph: Graph): Map<number, number[]> {
  const followers = new Map<number, number[]>();
  for (const { id, inputs, after } of graph.nodes) {
    for (const source of [...inputs.map(({ node }) => node), ...after]) {
      const list = followers.get(source);
      if (list) list.push(id);
      else followers.set(source, [id]);
    }
  }
  return followers;
}

/** Everything that depends on a node. */
function dependents(id: number, followers: ReadonlyMap<number, number[]>): Set<number> {
  const found = new Set<number>();
  const open = [id];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const follower of followers.get(next) ?? []) {
      if (found.has(follower)) continue;
      found.add(follower);
      open.push(follower);
    }
  }
  return found;
}
