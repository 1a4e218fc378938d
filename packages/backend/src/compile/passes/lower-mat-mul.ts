import { boolAttr, type Graph, isSet, typeAttr } from "../graph.ts";
import { rewrite } from "../rewrite.ts";

/** Products of two matrices become `MatMul`, for which TensorFlow has more than for batches. */
export function lowerMatMul(graph: Graph): Graph {
  return rewrite(graph, (node, builder) => {
    const [spec] = node.outputs;
    if (node.op !== "BatchMatMulV2" || spec?.shape.length !== 2) return undefined;
    const attrs = {
      T: typeAttr(spec.dtype),
      transpose_a: boolAttr(isSet(node, "adj_x")),
      transpose_b: boolAttr(isSet(node, "adj_y")),
    };
    return builder.add({ ...node, op: "MatMul", attrs });
  });
}
