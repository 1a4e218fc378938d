import { elementCount, type Graph, type GraphNode, typeAttr, type Value } from "../graph.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import { rewrite } from "../rewrite.ts";

/** The sum of a tensor's squares becomes twice `L2Loss`, which makes no tensor of squares. */
export function fuseNorm(graph: Graph): Graph {
  return rewrite(graph, (node, builder) => (node.op === "Sum" ? sumOfSquares(node, builder) : undefined));
}

function sumOfSquares(node: GraphNode, builder: GraphBuilder): Value[] | undefined {
  const [input] = node.inputs as [Value];
  const spec = node.outputs[0];
  const square = builder.node(input);
  const squared = square.op === "Reshape" ? builder.node(square.inputs[0] as Value) : square;
  if (squared.op !== "Square" || !spec || elementCount(spec.shape) !== 1 || spec.shape.length > 0) return undefined;
  const attrs = { T: typeAttr(spec.dtype) };
  const half = builder.addOne({ op: "L2Loss", inputs: [squared.inputs[0] as Value], attrs }, spec);
  return builder.add({ op: "Mul", inputs: [half, builder.scalar(2)], attrs, outputs: [spec] });
}
