import { type GraphBuilder, uniformOf } from "../graph-builder.ts";
import { DataType, elementCount, type Graph, type GraphNode, type TensorSpec, typeAttr, type Value } from "../graph.ts";
import { rewrite } from "../rewrite.ts";

/** A constant of fewer elements is kept for good. */
const MIN_ELEMENTS = 4096;

/** Large constants of one value are filled when they are needed, instead of being kept in memory for good. */
export function fillConstants(graph: Graph): Graph {
  return rewrite(graph, (node, builder) => {
    const { shape } = node.outputs[0] ?? { shape: [] };
    const isLarge = node.op === "Const" && elementCount(shape) >= MIN_ELEMENTS;
    return isLarge && uniformOf(node) !== undefined ? [fill(node, builder)] : undefined;
  });
}

function fill(node: GraphNode, builder: GraphBuilder): Value {
  const { shape, dtype } = node.outputs[0] as TensorSpec;
  const single = builder.put({ ...node, outputs: [{ shape: [], dtype }] })[0] as Value;
  const attrs = { T: typeAttr(dtype), index_type: typeAttr(DataType.int32) };
  return builder.addOne({ op: "Fill", inputs: [builder.ints(shape), single], attrs }, { shape, dtype });
}
