import { constantOf, type GraphBuilder, uniformOf } from "../graph-builder.ts";
import {
  DataType,
  elementCount,
  type Graph,
  type GraphNode,
  sameShape,
  type TensorSpec,
  typeAttr,
  type Value,
} from "../graph.ts";
import { broadcastShapes } from "../op-rules.ts";
import { rewrite, type Rule } from "../rewrite.ts";

/**
 * Drops operations that do nothing (a reshape to the same shape, a product with ones) and makes constants of what is one.
 * TensorFlow.js's gradients are full of both: the gradient of a sum multiplies by a tensor of ones, say.
 */
export function simplify(graph: Graph): Graph {
  return rewrite(graph, (node, builder) => RULES[node.op]?.(node, builder));
}

const output = (node: GraphNode): TensorSpec => node.outputs[0] as TensorSpec;

/** The input itself, where it already has the shape and type of the output. */
function unchanged(node: GraphNode, builder: GraphBuilder): Value[] | undefined {
  const [input] = node.inputs as [Value];
  const { shape, dtype } = builder.spec(input);
  const isSame = sameShape(shape, output(node).shape) && dtype === output(node).dtype;
  return isSame && node.after.length === 0 ? [input] : undefined;
}

const reshape: Rule = (node, builder) => {
  const [input, shape] = node.inputs as [Value, Value];
  const source = builder.node(input);
  const data = constantOf(source);
  if (data) return [builder.constant(data, output(node))];
  if (source.op !== "Reshape") return unchanged(node, builder);
  const [origin] = source.inputs as [Value];
  const same = sameShape(builder.spec(origin).shape, output(node).shape);
  return same ? [origin] : builder.add({ ...node, inputs: [origin, shape] });
};

/** Every element the same number. */
function fill(number: number): Rule {
  return (node, builder) => [uniform(builder, number, output(node))];
}

function uniform(builder: GraphBuilder, number: number, spec: TensorSpec): Value {
  const array = { [DataType.float32]: Float32Array, [DataType.int32]: Int32Array }[spec.dtype] ?? Uint8Array;
  return builder.constant(array.of(number), spec);
}

const filled: Rule = (node, builder) => {
  const number = uniformOf(builder.node(node.inputs[1] as Value));
  return number === undefined ? undefined : [uniform(builder, number, output(node))];
};

/** `x op neutral` is x, stretched where the neutral operand was larger. */
function neutral(number: number, sides: readonly (0 | 1)[]): Rule {
  return (node, builder) => {
    const folded = foldScalars(node, builder);
    if (folded) return folded;
    for (const side of sides) {
      const operand = node.inputs[1 - side] as Value;
      if (uniformOf(builder.node(node.inputs[side] as Value)) === number)
        return [stretch(builder, operand, output(node))];
    }
    return withoutStretch(node, builder);
  };
}

function stretch(builder: GraphBuilder, value: Value, spec: TensorSpec): Value {
  if (sameShape(builder.spec(value).shape, spec.shape)) return value;
  const attrs = { T: typeAttr(spec.dtype), Tidx: typeAttr(DataType.int32) };
  return builder.addOne({ op: "BroadcastTo", inputs: [value, builder.ints(spec.shape)], attrs }, spec);
}

const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  AddV2: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  RealDiv: (a, b) => a / b,
};

/** A float32 operation on two constants that are one number each. */
function foldScalars(node: GraphNode, builder: GraphBuilder): Value[] | undefined {
  const [a, b] = node.inputs.map((input) => uniformOf(builder.node(input)));
  const compute = ARITHMETIC[node.op];
  if (a === undefined || b === undefined || !compute || output(node).dtype !== DataType.float32) return undefined;
  return [uniform(builder, Math.fround(compute(a, b)), output(node))];
}

/** An element-by-element operation stretches its operands itself. */
function withoutStretch(node: GraphNode, builder: GraphBuilder): Value[] | undefined {
  const inputs = node.inputs.map((input) =>
    builder.node(input).op === "BroadcastTo" ? origin(builder, input) : input,
  );
  if (inputs.every((input, i) => input === node.inputs[i])) return undefined;
  const shape = inputs.map((input) => builder.spec(input).shape).reduce(broadcastShapes);
  return sameShape(shape, output(node).shape) ? builder.add({ ...node, inputs }) : undefined;
}

const origin = (builder: GraphBuilder, value: Value): Value => builder.node(value).inputs[0] as Value;

/** A sum of a constant, or over axes of one element. */
const sum: Rule = (node, builder) => {
  const [input] = node.inputs as [Value];
  const { shape } = builder.spec(input);
  const number = uniformOf(builder.node(input));
  const count = elementCount(shape) / elementCount(output(node).shape);
  if (number !== undefined && output(node).dtype === DataType.float32) {
    return [uniform(builder, Math.fround(number * count), output(node))];
  }
  if (count !== 1) return undefined;
  const attrs = { T: typeAttr(output(node).dtype), Tshape: typeAttr(DataType.int32) };
  return builder.add({
    op: "Reshape",
    inputs: [input, builder.ints(output(node).shape)],
    attrs,
    outputs: node.outputs,
  });
};

const multiply = neutral(1, [0, 1]);
const add = neutral(0, [0, 1]);

const RULES: Readonly<Record<string, Rule>> = {
  Identity: unchanged,
  Cast: unchanged,
  Reshape: reshape,
  BroadcastTo: unchanged,
  ZerosLike: fill(0),
  OnesLike: fill(1),
  Fill: filled,
  Mul: multiply,
  Add: add,
  AddV2: add,
  Sub: neutral(0, [1]),
  RealDiv: neutral(1, [1]),
  Sum: sum,
};
