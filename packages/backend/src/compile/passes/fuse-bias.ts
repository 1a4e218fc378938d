import { elementsOf, type GraphBuilder } from "../graph-builder.ts";
import {
  type Attribute,
  DataType,
  type Graph,
  type GraphNode,
  isSet,
  isSum,
  sameShape,
  typeAttr,
  type Value,
} from "../graph.ts";
import { rewrite } from "../rewrite.ts";

/** An operation in float32. */
interface BiasOperation {
  readonly op: string;
  readonly attrs: Readonly<Record<string, Attribute>>;
}

/** The operations that a bias, and its gradient, become. */
interface BiasOperations {
  readonly add: BiasOperation;
  readonly grad: BiasOperation;
}

const FLOAT = typeAttr(DataType.float32);
const OF_TENSORFLOW = { T: FLOAT, data_format: { kind: "string", value: "NHWC" } } as const;

/** TensorFlow's own, which it fuses into the product. */
const FUSED: BiasOperations = {
  add: { op: "BiasAdd", attrs: OF_TENSORFLOW },
  grad: { op: "BiasAddGrad", attrs: OF_TENSORFLOW },
};

/** Those of kernels.cc. A product that adds a bias itself would be slower, where its rows are long. */
export const BIAS_KERNELS: BiasOperations = {
  add: { op: "ScratchAddBias", attrs: { T: FLOAT, U: FLOAT } },
  grad: { op: "ScratchColumnSum", attrs: { T: FLOAT } },
};

/** A vector added to a matrix product, and its gradient, the sum over the rows of a matrix, become operations of their own. */
export function fuseBias(graph: Graph, { add, grad }: BiasOperations = FUSED): Graph {
  return rewrite(graph, (node, builder) => {
    if (isSum(node)) return isBias(node, builder) ? builder.add({ ...node, ...add }) : undefined;
    if (node.op !== "Sum" || !isOverRows(node, builder)) return undefined;
    return builder.add({ ...node, ...grad, inputs: node.inputs.slice(0, 1) });
  });
}

/** Whether the second summand is a vector, and the first a product. */
function isBias(node: GraphNode, builder: GraphBuilder): boolean {
  const [product, bias] = node.inputs as [Value, Value];
  const { shape, dtype } = builder.spec(product);
  const isVector = sameShape(builder.spec(bias).shape, [shape.at(-1) as number]);
  return builder.node(product).op === "MatMul" && isVector && dtype === DataType.float32;
}

function isOverRows(node: GraphNode, builder: GraphBuilder): boolean {
  const [input, axes] = node.inputs as [Value, Value];
  const { shape, dtype } = builder.spec(input);
  const overRows = elementsOf(builder.node(axes))?.join() === "0";
  return shape.length === 2 && overRows && !isSet(node, "keep_dims") && dtype === DataType.float32;
}
