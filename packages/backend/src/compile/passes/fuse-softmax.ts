import { DataType, type Graph, isSum, sameShape, typeAttr, type Value } from "../graph.ts";
import { rewrite } from "../rewrite.ts";

/** The softmax of scores to which a matrix is added, a mask, becomes one operation of kernels.cc. */
export function fuseSoftmax(graph: Graph): Graph {
  const T = typeAttr(DataType.float32);
  return rewrite(graph, (node, builder) => {
    const [input] = node.inputs;
    if (node.op !== "Softmax" || !input) return undefined;
    const sum = builder.node(input);
    const { shape, dtype } = builder.spec(input);
    const [scores, mask] = sum.inputs as [Value, Value];
    if (!isSum(sum) || dtype !== DataType.float32 || shape.length <= 2) return undefined;
    if (!sameShape(builder.spec(scores).shape, shape)) return undefined;
    if (!sameShape(builder.spec(mask).shape, shape.slice(-2))) return undefined;
    return builder.add({ ...node, op: "ScratchSoftmax", inputs: [scores, mask], attrs: { T, U: T } });
  });
}
