import type { GraphBuilder } from "../graph-builder.ts";
import { DataType, type Graph, type GraphNode, isSet, sameShape, typeAttr, type Value } from "../graph.ts";
import { elementsOf } from "../graph-builder.ts";
import { rewrite } from "../rewrite.ts";

const FORMAT = { data_format: { kind: "string", value: "NHWC" } } as const;

/**
 * A vector added to a matrix product becomes `BiasAdd`, which TensorFlow fuses into the product; its gradient, a sum over
 * rows, becomes `BiasAddGrad`.
 */
export function fuseBias(graph: Graph): Graph {
  return rewrite(graph, (node, builder) => {
    if (node.op === "Add" || node.op === "AddV2") return biasAdd(node, builder);
    return node.op === "Sum" ? biasAddGrad(node, builder) : undefined;
  });
}

function biasAdd(node: GraphNode, builder: GraphBuilder): Value[] | undefined {
  const [product, bias] = node.inputs as [Value, Value];
  const columns = builder.spec(product).shape.at(-1) as number;
  if (builder.node(product).op !== "MatMul" || !sameShape(builder.spec(bias).shape, [columns])) return undefined;
  const attrs = { T: typeAttr(DataType.float32), ...FORMAT };
  return builder.add({ ...node, op: "BiasAdd", attrs });
}

function biasAddGrad(node: GraphNode, builder: GraphBuilder): Value[] | undefined {
  const [input, axes] = node.inputs as [Value, Value];
  const { shape, dtype } = builder.spec(input);
  const overRows = elementsOf(builder.node(axes))?.join() === "0";
  if (shape.length !== 2 || !overRows || isSet(node, "keep_dims") || dtype !== DataType.float32) return undefined;
  return builder.add({ ...node, op: "BiasAddGrad", inputs: [input], attrs: { T: typeAttr(dtype), ...FORMAT } });
}
