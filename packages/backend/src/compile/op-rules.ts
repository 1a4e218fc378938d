import { type ConstantData, DataType, elementCount, type TensorSpec } from "./graph.ts";

/** An input of an operation whose outputs are asked for. */
export interface OpInput extends TensorSpec {
  /** Its elements, where it is a constant. */
  readonly values?: readonly number[] | undefined;
}

/** Attribute values by name, as the kernel gave them. */
export type OpAttrs = Readonly<
  Record<string, ConstantData | boolean | number | string | readonly number[] | undefined>
>;

/** Shapes and types of an operation's outputs. */
export type OpRule = (inputs: readonly OpInput[], attrs: OpAttrs) => TensorSpec[];

type Shape = readonly number[];

const input = (inputs: readonly OpInput[], index: number): OpInput => inputs.at(index) as OpInput;

/** A constant input's elements; shapes and axes are always constants. */
function constant(inputs: readonly OpInput[], index: number): readonly number[] {
  const { values } = input(inputs, index);
  if (!values) throw new Error("a shape, axis or permutation that is computed inside the function");
  return values;
}

/** The shape of two operands stretched to each other. */
export function broadcastShapes(a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new Error(`shapes [${a.join()}] and [${b.join()}] that do not fit`);
    return x === 1 ? y : x;
  });
}

const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);
const without = (shape: Shape, axis: number): number[] => shape.filter((_, index) => index !== axis);

const like = ({ shape, dtype }: TensorSpec): TensorSpec => ({ shape, dtype });
const same: OpRule = (i) => [like(input(i, 0))];
const binary: OpRule = (i) => [
  { shape: broadcastShapes(input(i, 0).shape, input(i, 1).shape), dtype: input(i, 0).dtype },
];
const compare: OpRule = (i) => [{ shape: broadcastShapes(input(i, 0).shape, input(i, 1).shape), dtype: DataType.bool }];
const test: OpRule = (i) => [{ shape: input(i, 0).shape, dtype: DataType.bool }];

const reduce: OpRule = (i, attrs) => {
  const { shape, dtype } = input(i, 0);
  const axes = constant(i, 1).map((axis) => axisOf(axis, shape.length));
  const kept = attrs["keep_dims"] === true ? shape.map((size, axis) => (axes.includes(axis) ? 1 : size)) : undefined;
  return [{ shape: kept ?? shape.filter((_, axis) => !axes.includes(axis)), dtype }];
};

const arg: OpRule = (i, attrs) => {
  const { shape } = input(i, 0);
  const axis = axisOf(constant(i, 1)[0] as number, shape.length);
  return [{ shape: without(shape, axis), dtype: attrs["output_type"] as number }];
};

function product(a: Shape, b: Shape, transposeA: boolean, transposeB: boolean): number[] {
  const rows = a.at(transposeA ? -1 : -2) as number;
  const columns = b.at(transposeB ? -2 : -1) as number;
  if (a.at(transposeA ? -2 : -1) !== b.at(transposeB ? -1 : -2)) {
    throw new Error(`matrices [${a.join()}] and [${b.join()}] that do not fit`);
  }
  return [...broadcastShapes(a.slice(0, -2), b.slice(0, -2)), rows, columns];
}

const batchMatMul: OpRule = (i, { adj_x, adj_y }) => {
  const { shape, dtype } = input(i, 0);
  return [{ shape: product(shape, input(i, 1).shape, adj_x === true, adj_y === true), dtype }];
};

const matMul: OpRule = (i, { transpose_a, transpose_b }) => {
  const { shape, dtype } = input(i, 0);
  return [{ shape: product(shape, input(i, 1).shape, transpose_a === true, transpose_b === true), dtype }];
};

const reshape: OpRule = (i) => {
  const { shape, dtype } = input(i, 0);
  const wanted = constant(i, 1);
  const known = wanted.reduce((count, size) => (size < 0 ? count : count * size), 1);
  return [{ shape: wanted.map((size) => (size < 0 ? elementCount(shape) / known : size)), dtype }];
};

const expandDims: OpRule = (i) => {
  const { shape, dtype } = input(i, 0);
  const axis = axisOf(constant(i, 1)[0] as number, shape.length + 1);
  return [{ shape: [...shape.slice(0, axis), 1, ...shape.slice(axis)], dtype }];
};

const gather: OpRule = (i, attrs) => {
  const { shape, dtype } = input(i, 0);
  const batchDims = Number(attrs["batch_dims"] ?? 0);
  const axis = axisOf(constant(i, 2)[0] as number, shape.length);
  const indices = input(i, 1).shape.slice(batchDims);
  return [{ shape: [...shape.slice(0, axis), ...indices, ...shape.slice(axis + 1)], dtype }];
};

const slice: OpRule = (i) => {
  const { shape, dtype } = input(i, 0);
  const [begin, size] = [constant(i, 1), constant(i, 2)];
  return [
    {
      shape: size.map((count, axis) => (count < 0 ? (shape[axis] as number) - (begin[axis] as number) : count)),
      dtype,
    },
  ];
};

const transpose: OpRule = (i) => {
  const { shape, dtype } = input(i, 0);
  return [{ shape: constant(i, 1).map((axis) => shape[axis] as number), dtype }];
};

const unpack: OpRule = (i, attrs) => {
  const { shape, dtype } = input(i, 0);
  const rest = without(shape, axisOf(attrs["axis"] as number, shape.length));
  return Array.from({ length: attrs["num"] as number }, () => ({ shape: rest, dtype }));
};

const pack: OpRule = (i, attrs) => {
  const { shape, dtype } = input(i, 0);
  const axis = axisOf(attrs["axis"] as number, shape.length + 1);
  return [{ shape: [...shape.slice(0, axis), i.length, ...shape.slice(axis)], dtype }];
};

const concat: OpRule = (i) => {
  const { shape, dtype } = input(i, 0);
  const axis = axisOf(constant(i, -1)[0] as number, shape.length);
  const size = i.slice(0, -1).reduce((sum, part) => sum + (part.shape[axis] as number), 0);
  return [{ shape: shape.map((old, index) => (index === axis ? size : old)), dtype }];
};

const splitV: OpRule = (i) => {
  const { shape, dtype } = input(i, 0);
  const axis = axisOf(constant(i, 2)[0] as number, shape.length);
  return constant(i, 1).map((size) => ({ shape: shape.map((old, index) => (index === axis ? size : old)), dtype }));
};

const pad: OpRule = (i) => {
  const { shape, dtype } = input(i, 0);
  const margins = constant(i, 1);
  return [
    {
      shape: shape.map((size, axis) => size + (margins[2 * axis] as number) + (margins[2 * axis + 1] as number)),
      dtype,
    },
  ];
};

const segmentSum: OpRule = (i) => {
  const { shape, dtype } = input(i, 0);
  return [{ shape: [constant(i, 2)[0] as number, ...shape.slice(input(i, 1).shape.length)], dtype }];
};

const oneHot: OpRule = (i) => [
  { shape: [...input(i, 0).shape, constant(i, 1)[0] as number], dtype: input(i, 2).dtype },
];

const range: OpRule = (i) => {
  const [start, stop, step] = [0, 1, 2].map((index) => constant(i, index)[0] as number) as [number, number, number];
  return [{ shape: [Math.max(0, Math.ceil((stop - start) / step))], dtype: input(i, 0).dtype }];
};

const select: OpRule = (i) => {
  const branches = broadcastShapes(input(i, 1).shape, input(i, 2).shape);
  return [{ shape: broadcastShapes(input(i, 0).shape, branches), dtype: input(i, 1).dtype }];
};

const topK: OpRule = (i) => {
  const { shape, dtype } = input(i, 0);
  const best = [...shape.slice(0, -1), constant(i, 1)[0] as number];
  return [
    { shape: best, dtype },
    { shape: best, dtype: DataType.int32 },
  ];
};

const toShape: OpRule = (i, attrs) => [
  { shape: constant(i, 0), dtype: (attrs["dtype"] as number) ?? input(i, 1).dtype },
];
const broadcastTo: OpRule = (i) => [{ shape: constant(i, 1), dtype: input(i, 0).dtype }];
const tile: OpRule = (i) => [
  { shape: input(i, 0).shape.map((size, axis) => size * (constant(i, 1)[axis] as number)), dtype: input(i, 0).dtype },
];

/** What every operation that can be recorded gives back. One line each; an operation that is not here is refused. */
export const OP_RULES: Readonly<Record<string, OpRule>> = {
  // element by element
  ...rules(
    same,
    "Abs Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Elu Erf Exp Expm1 Floor Identity LeakyRelu Log Log1p Neg",
  ),
  ...rules(
    same,
    "Reciprocal Relu Relu6 Round Rsqrt Selu Sigmoid Sign Sin Sinh Softplus Sqrt Square StopGradient Tan Tanh",
  ),
  ...rules(same, "EluGrad RsqrtGrad SigmoidGrad TanhGrad ReluGrad LogicalNot OnesLike ZerosLike AddN DeepCopy"),
  ...rules(
    binary,
    "Add AddV2 Sub Mul Div DivNoNan RealDiv FloorDiv FloorMod Mod Pow Maximum Minimum SquaredDifference Atan2",
  ),
  ...rules(compare, "Equal NotEqual Greater GreaterEqual Less LessEqual LogicalAnd LogicalOr"),
  ...rules(test, "IsNan IsInf IsFinite"),
  Cast: (i, attrs) => [{ shape: input(i, 0).shape, dtype: attrs["DstT"] as number }],
  ...rules(select, "Select SelectV2"),
  // along axes
  ...rules(reduce, "Sum Mean Max Min Prod All Any"),
  ...rules(arg, "ArgMax ArgMin"),
  ...rules(same, "Softmax LogSoftmax Cumsum Cumprod ReverseV2"),
  TopKV2: topK,
  L2Loss: (i) => [{ shape: [], dtype: input(i, 0).dtype }],
  SparseSoftmaxCrossEntropyWithLogits: (i) => [
    { shape: input(i, 1).shape, dtype: input(i, 0).dtype },
    { shape: input(i, 0).shape, dtype: input(i, 0).dtype },
  ],
  // products and biases
  ...rules(batchMatMul, "BatchMatMulV2 BatchMatMulV3"),
  MatMul: matMul,
  BiasAdd: same,
  BiasAddGrad: (i) => [{ shape: [input(i, 0).shape.at(-1) as number], dtype: input(i, 0).dtype }],
  // of native/kernels.cc
  ...rules(same, "ScratchGelu"),
  ...rules((i) => [like(input(i, 1))], "ScratchGeluGrad ScratchSoftmaxGrad"),
  ScratchLayerNorm: (i) => {
    const { shape, dtype } = input(i, 0);
    const perRow = { shape: [shape[0] as number, 1], dtype };
    return [{ shape, dtype }, perRow, perRow];
  },
  ScratchLayerNormGrad: (i) => [like(input(i, 1)), like(input(i, 2)), like(input(i, 2))],
  ScratchCrossEntropy: (i) => [{ shape: input(i, 1).shape, dtype: DataType.float32 }, like(input(i, 0))],
  // shapes
  Reshape: reshape,
  ExpandDims: expandDims,
  Transpose: transpose,
  BroadcastTo: broadcastTo,
  Tile: tile,
  PadV2: pad,
  Slice: slice,
  ConcatV2: concat,
  SplitV: splitV,
  Pack: pack,
  Unpack: unpack,
  // indices
  GatherV2: gather,
  OneHot: oneHot,
  UnsortedSegmentSum: segmentSum,
  // made from numbers
  Fill: toShape,
  Range: range,
  StatelessRandomUniform: toShape,
  StatelessRandomUniformV2: toShape,
  StatelessRandomUniformFullInt: toShape,
};

/** Type attributes that TensorFlow infers when it runs an operation at once, but a graph must state: from which input. */
export const IMPLIED_TYPES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ExpandDims: { T: 0, Tdim: 1 },
};

function rules(rule: OpRule, names: string): Record<string, OpRule> {
  return Object.fromEntries(names.split(" ").map((name) => [name, rule]));
}
