import type { GraphBuilder } from "../graph-builder.ts";
import { DataType, type Graph, type GraphNode, type TensorSpec, typeAttr, type Value } from "../graph.ts";
import { rewrite } from "../rewrite.ts";
import { cast } from "./use-bfloat16.ts";

const MOVES: ReadonlySet<string> = new Set(["Reshape", "Transpose"]);

/**
 * Reshapes and transposes what {@link useBfloat16} widens before it is widened: half the bytes move, and where the next
 * product rounds again nothing needs to be widened at all.
 */
export function delayWidening(graph: Graph): Graph {
  return rewrite(graph, (node, builder) => {
    if (MOVES.has(node.op)) return moveNarrow(node, builder);
    const [input] = node.inputs;
    const narrows = node.op === "Cast" && node.outputs[0]?.dtype === DataType.bfloat16;
    return narrows && input ? [cast(input, DataType.bfloat16, builder)] : undefined;
  });
}

function moveNarrow(node: GraphNode, builder: GraphBuilder): Value[] | undefined {
  const [input, where] = node.inputs as [Value, Value];
  const widening = builder.node(input);
  const [origin] = widening.inputs;
  if (widening.op !== "Cast" || !origin || builder.spec(origin).dtype !== DataType.bfloat16) return undefined;
  const spec = { ...(node.outputs[0] as TensorSpec), dtype: DataType.bfloat16 };
  const attrs = { ...node.attrs, T: typeAttr(DataType.bfloat16) };
  const moved = builder.addOne({ ...node, inputs: [origin, where], attrs }, spec);
  return [cast(moved, DataType.float32, builder)];
}
