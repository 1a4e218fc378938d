import type { GraphBuilder } from "../graph-builder.ts";
import { DataType, type Graph, type GraphNode, numberAttr, typeAttr, type Value } from "../graph.ts";
import { broadcastShapes } from "../op-rules.ts";
import { rewrite } from "../rewrite.ts";

/** Turns AdamW updates into plain arithmetic, by the formula of `AdamW` in nn. */
export function expandAdamW(graph: Graph): Graph {
  return rewrite(graph, (node, builder) => (node.op === "AdamWUpdate" ? expand(node, builder) : undefined));
}

function expand(node: GraphNode, builder: GraphBuilder): Value[] {
  const [parameter, m, v, grad, keep, stepSize, correction] = node.inputs as [
    Value,
    Value,
    Value,
    Value,
    Value,
    Value,
    Value, // prettier-ignore
  ];
  const [beta1, beta2, eps] = ["beta1", "beta2", "eps"].map((name) => numberAttr(node, name) as number) as [
    number,
    number,
    number, // prettier-ignore
  ];
  const { op, number } = arithmetic(builder);
  const nextM = op("AddV2", m, op("Mul", op("Sub", grad, m), number(1 - beta1)));
  const nextV = op("AddV2", op("Mul", v, number(beta2)), op("Mul", op("Square", grad), number(1 - beta2)));
  const denominator = op("AddV2", op("RealDiv", op("Sqrt", nextV), correction), number(eps));
  const change = op("Mul", op("RealDiv", nextM, denominator), stepSize);
  return [op("Sub", op("Mul", parameter, keep), change), nextM, nextV];
}

/** Float32 arithmetic as nodes. */
export function arithmetic(builder: GraphBuilder): {
  readonly op: (name: string, ...inputs: readonly Value[]) => Value;
  readonly number: (value: number) => Value;
} {
  const attrs = { T: typeAttr(DataType.float32) };
  return {
    op: (name, ...inputs) => {
      const shape = inputs.map((input) => builder.spec(input).shape).reduce(broadcastShapes);
      return builder.addOne({ op: name, inputs, attrs }, { shape, dtype: DataType.float32 });
    },
    number: (value) => builder.scalar(value),
  };
}
