import type { Graph, GraphNode, Value } from "../graph.ts";
import { nodesById, usersOf } from "../rewrite.ts";
import { VIEWS } from "./views.ts";

/** Operations that change variables in place, and which inputs are their handles, or values read from them. */
const HANDLES: Readonly<Record<string, readonly number[]>> = {
  ResourceApplyProximalGradientDescent: [0],
  ResourceApplyAdam: [0, 1, 2],
  AssignAddVariableOp: [0],
  AssignSubVariableOp: [0],
  ResourceStridedSliceAssign: [0],
  ScratchAdamW: [0, 1, 2, 7],
};

/**
 * Lets whatever uses the old value of a variable run before the variable is changed in place. A read must come first, or it
 * would see the new value; its users need not, but while one of them still holds the old value TensorFlow copies the variable.
 */
export function orderUpdates(graph: Graph): Graph {
  const users = usersOf(graph);
  const byId = nodesById(graph);
  const followers = followersOf(graph);
  const nodes = graph.nodes.map((node) => {
    const changed = node.inputs.filter((_, i) => HANDLES[node.op]?.includes(i));
    const handles = changed.map((input) => handleOf(input, byId));
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

function handleOf(value: Value, byId: ReadonlyMap<number, GraphNode>): Value {
  const source = byId.get(value.node);
  return source?.op === "ReadVariableOp" ? (source.inputs[0] as Value) : value;
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
