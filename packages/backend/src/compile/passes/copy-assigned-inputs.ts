import type { GraphBuilder } from "../graph-builder.ts";
import { type Graph, type GraphNode, typeAttr, type Value } from "../graph.ts";
import { rewrite } from "../rewrite.ts";
import { VIEWS } from "./views.ts";

/**
 * Copies what is fed before it becomes a variable's value: its memory may be JavaScript's, which TensorFlow must not keep
 * beyond the run.
 */
export function copyAssignedInputs(graph: Graph): Graph {
  return rewrite(graph, (node, builder) => {
    const [handle, value] = node.inputs;
    if (node.op !== "AssignVariableOp" || !handle || !value || !isFed(builder.node(value), builder)) return undefined;
    builder.put({ ...node, inputs: [handle, copy(value, builder)] });
    return [];
  });
}

function isFed(node: GraphNode, builder: GraphBuilder): boolean {
  if (node.op === "Placeholder") return true;
  return VIEWS.has(node.op) && isFed(builder.node(node.inputs[0] as Value), builder);
}

function copy(value: Value, builder: GraphBuilder): Value {
  const spec = builder.spec(value);
  return builder.addOne({ op: "DeepCopy", inputs: [value], attrs: { T: typeAttr(spec.dtype) } }, spec);
}
