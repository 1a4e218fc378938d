import type { GraphBuilder } from "../graph-builder.ts";
import { DataType, type Graph, type GraphNode, type TensorSpec, typeAttr, type Value } from "../graph.ts";
import { rewrite } from "../rewrite.ts";
import { cast } from "./use-bfloat16.ts";

const MOVES: ReadonlySet<string> = new Set(["Reshape", "Transpose"]);

/**
 * Reshapes and transposes what {@link useBfloat16} widens before it is widened, and what it rounds after that: half the
 * bytes move, and where the next product rounds again nothing needs to be widened at all.
 */
export function delayWidening(graph: Graph): Graph {
  const rounded = new Map<string, Value>();
  return rewrite(graph, (node, builder) => {
    if (MOVES.has(node.op)) return moveNarrow(node, builder);
    const [input] = node.inputs;
    const narrows = node.op === "Cast" && node.outputs[0]?.dtype === DataType.bfloat16;
    return narrows && input ? [narrowed(input, builder, rounded)] : undefined;
  });
}

/** A value rounded to bfloat16, before it is moved. */
function narrowed(value: Value, builder: GraphBuilder, rounded: Map<string, Value>): Value {
  const key = `${value.node}:${value.output}`;
  const known = rounded.get(key);
  if (known) return known;
  const node = builder.node(value);
  const [input, where] = node.inputs as [Value, Value];
  const result = MOVES.has(node.op)
    ? moved(node, [narrowed(input, builder, rounded), where], builder)
    : cast(value, DataType.bfloat16, builder);
  rounded.set(key, result);
  return result;
}

function moveNarrow(node: GraphNode, builder: GraphBuilder): Value[] | undefined {
  const [input, where] = node.inputs as [Value, Value];
  const widening = builder.node(input);
  const [origin] = widening.inputs;
  if (widening.op !== "Cast" || !origin || builder.spec(origin).dtype !== DataType.bfloat16) return undefined;
  return [cast(moved(node, [origin, where], builder), DataType.float32, builder)];
}

/** The same move of a bfloat16 value. */
function moved(node: GraphNode, inputs: readonly Value[], builder: GraphBuilder): Value {
  const spec = { ...(node.outputs[0] as TensorSpec), dtype: DataType.bfloat16 };
  return builder.addOne({ ...node, inputs, attrs: { ...node.attrs, T: typeAttr(DataType.bfloat16) } }, spec);
}
