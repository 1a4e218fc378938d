import type { GraphBuilder } from "../graph-builder.ts";
import { DataType, type Graph, type GraphNode, sameValue, typeAttr, type Value } from "../graph.ts";
import { nodesById, rewrite, usersOf } from "../rewrite.ts";

/** An attribute of a variable that holds another one's value in bfloat16: the handle of that one. */
export const ROUNDED_FROM = "_rounded_from";

/**
 * Weights that an AdamW step updates are kept in bfloat16 as well, which the step writes in passing, instead of being rounded
 * before each run.
 */
export function keepRounded(graph: Graph): Graph {
  const casts = roundedWeights(graph);
  const kept = new Map<number, Value>();
  const rewritten = rewrite(graph, (node, builder) => {
    const read = casts.get(node.id);
    if (read) {
      const rounded = variable(read, builder);
      kept.set(read.id, rounded);
      return [rounded];
    }
    return undefined;
  });
  return rewrite(rewritten, (node, builder) => {
    const rounded = node.op === "ScratchAdamW" ? kept.get(node.inputs[0]?.node ?? -1) : undefined;
    if (!rounded) return undefined;
    builder.put({ ...node, inputs: [...node.inputs, rounded], attrs: { ...node.attrs, N: { kind: "int", value: 1 } } });
    return [{ node: node.id, output: 0 }];
  });
}

/** By the node that rounds it, the read of a variable that nothing but one update changes. */
function roundedWeights(graph: Graph): Map<number, GraphNode> {
  const users = usersOf(graph);
  const byId = nodesById(graph);
  const found = new Map<number, GraphNode>();
  for (const update of graph.nodes.filter(({ op }) => op === "ScratchAdamW")) {
    const read = byId.get(update.inputs[0]?.node ?? -1);
    const [handle] = read?.inputs ?? [];
    if (!read || !handle || users.get(handle.node)?.length !== 1) continue;
    const value = { node: read.id, output: 0 };
    const uses = users.get(read.id) ?? [];
    const casts = uses.filter(({ op, outputs }) => op === "Cast" && outputs[0]?.dtype === DataType.bfloat16);
    const updates = uses.filter(({ op, inputs: [first] }) => op === "ScratchAdamW" && first && sameValue(first, value));
    if (casts.length === 1 && updates.length === 1) found.set(casts[0]!.id, read);
  }
  return found;
}

/** A variable for the rounded value, and its value. */
function variable(read: GraphNode, builder: GraphBuilder): Value {
  const [handle] = read.inputs as [Value];
  const { shape } = builder.spec({ node: read.id, output: 0 });
  const { attrs } = builder.node(handle);
  const dtype = typeAttr(DataType.bfloat16);
  const name = { kind: "string", value: `${attrs["shared_name"]?.value}_rounded` } as const;
  const from = { kind: "int", value: handle.node } as const;
  const rounded = builder.addOne(
    { op: "VarHandleOp", attrs: { ...attrs, dtype, shared_name: name, [ROUNDED_FROM]: from } },
    { shape: [], dtype: DataType.resource },
  );
  return builder.addOne(
    { op: "ReadVariableOp", inputs: [rounded], attrs: { dtype } },
    { shape, dtype: DataType.bfloat16 },
  );
}
