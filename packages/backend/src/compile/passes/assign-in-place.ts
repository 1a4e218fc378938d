import type { GraphBuilder } from "../graph-builder.ts";
import { type Graph, type GraphNode, sameShape, sameValue, type Value } from "../graph.ts";
import { rewrite, usersOf } from "../rewrite.ts";

const IN_PLACE: Readonly<Record<string, string>> = {
  Add: "AssignAddVariableOp",
  AddV2: "AssignAddVariableOp",
  Sub: "AssignSubVariableOp",
};

/** `variable.assign(variable.add(x))` becomes an addition in place, which needs no second copy of the variable. */
export function assignInPlace(graph: Graph): Graph {
  const users = usersOf(graph);
  const replacements = new Map<number, number>();
  const isAlone = (value: Value): boolean =>
    users.get(value.node)?.length === 1 && !graph.results.some((result) => sameValue(result, value));
  const rewritten = rewrite(graph, (node, builder) => {
    const value = node.op === "AssignVariableOp" ? node.inputs[1] : undefined;
    const inPlace = value && isAlone(value) ? accumulation(node, builder) : undefined;
    if (!inPlace) return undefined;
    replacements.set(node.id, builder.addEffect(inPlace));
    return [];
  });
  return { ...rewritten, effects: rewritten.effects.map((id) => replacements.get(id) ?? id) };
}

function accumulation(
  assign: GraphNode,
  builder: GraphBuilder,
): Pick<GraphNode, "op" | "inputs" | "after" | "attrs"> | undefined {
  const [handle, value] = assign.inputs as [Value, Value];
  const sum = builder.node(value);
  const op = IN_PLACE[sum.op];
  const [base, change] = sum.inputs;
  if (!op || !base || !change) return undefined;
  const read = builder.node(base);
  const isOwn = read.op === "ReadVariableOp" && sameValue(read.inputs[0] as Value, handle);
  if (!isOwn || !sameShape(builder.spec(change).shape, builder.spec(base).shape)) return undefined;
  return { op, inputs: [handle, change], after: assign.after, attrs: assign.attrs };
}
