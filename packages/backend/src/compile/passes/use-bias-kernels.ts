import { elementsOf, type GraphBuilder } from "../graph-builder.ts";
import { DataType, type Graph, type GraphNode, isSet, sameShape, typeAttr, type Value } from "../graph.ts";
import { rewrite } from "../rewrite.ts";

const FLOAT = typeAttr(DataType.float32);

/**
 * A vector added to a matrix product, and its gradient, the sum over the rows of a matrix, become operations of kernels.cc. The
 * product that adds a bias itself would be slower, where its rows are long.
 */
export function useBiasKernels(graph: Graph): Graph {
  return rewrite(graph, (node, builder) => {
    if (node.op === "Add" || node.op === "AddV2") return addBias(node, builder);
    return node.op === "Sum" ? sumRows(node, builder) : undefined;
  });
}

function addBias(node: GraphNode, builder: GraphBuilder): Value[] | undefined {
  const [product, bias] = node.inputs as [Value, Value];
  const { shape, dtype } = builder.spec(product);
  const isVector = sameShape(builder.spec(bias).shape, [shape.at(-1) as number]);
  if (builder.node(product).op !== "MatMul" || !isVector || dtype !== DataType.float32) return undefined;
  return builder.add({ ...node, op: "ScratchAddBias", attrs: { T: FLOAT, U: FLOAT } });
}

function sumRows(node: GraphNode, builder: GraphBuilder): Value[] | undefined {
  const [input, axes] = node.inputs as [Value, Value];
  const { shape, dtype } = builder.spec(input);
  const overRows = elementsOf(builder.node(axes))?.join() === "0";
  if (shape.length !== 2 || !overRows || isSet(node, "keep_dims") || dtype !== DataType.float32) return undefined;
  return builder.add({ ...node, op: "ScratchColumnSum", inputs: [input], attrs: { T: FLOAT } });
}
