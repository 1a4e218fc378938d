import { elementsOf, GraphBuilder } from "../packages/backend/src/compile/graph-builder.ts";
import {
  type Attributes,
  boolAttr,
  DataType,
  type Graph,
  typeAttr,
  type Value,
} from "../packages/backend/src/compile/graph.ts";
import { GraphSession } from "../packages/backend/src/compile/graph-session.ts";
import { nativeBackend } from "../packages/backend/src/compile/native-backend.ts";
import { OP_RULES } from "../packages/backend/src/compile/op-rules.ts";
import * as tf from "@tensorflow/tfjs";
import { expect } from "vitest";

type Shape = readonly number[];

/** Writes small float32 graphs for tests of passes. */
export class TestGraph {
  readonly builder: GraphBuilder = new GraphBuilder();
  /** Marks the nodes that follow. */
  scope: { readonly region?: number; readonly backward?: boolean } = {};

  /** An input. */
  input(...shape: number[]): Value {
    return this.#placeholder(shape, DataType.float32);
  }

  /** An int32 input. */
  labels(...shape: number[]): Value {
    return this.#placeholder(shape, DataType.int32);
  }

  /** A variable: its handle and its value. */
  variable(...shape: number[]): { handle: Value; read: Value } {
    const attrs = { dtype: typeAttr(DataType.float32) };
    const named = { ...attrs, shape: { kind: "shape", value: shape } as const };
    const handle = this.builder.addOne({ op: "VarHandleOp", attrs: named }, { shape: [], dtype: DataType.resource });
    const read = this.builder.addOne({ op: "ReadVariableOp", inputs: [handle], attrs }, this.#spec(shape));
    return { handle, read };
  }

  /** Every element the same number. */
  filled(value: number, ...shape: number[]): Value {
    return this.builder.constant(Float32Array.of(value), this.#spec(shape));
  }

  /** An operation on float32 tensors. */
  op(op: string, ...inputs: readonly Value[]): Value {
    return this.ops(op, {}, ...inputs)[0] as Value;
  }

  /** A matrix product; "t" stands for a transposed operand: `product("nt", a, b)`. */
  product(form: string, a: Value, b: Value): Value {
    const names = this.builder.spec(a).shape.length === 2 ? ["transpose_a", "transpose_b"] : ["adj_x", "adj_y"];
    const flags = { [names[0] as string]: form[0] === "t", [names[1] as string]: form[1] === "t" };
    return this.ops(names[0] === "adj_x" ? "BatchMatMulV2" : "MatMul", flags, a, b)[0] as Value;
  }

  /** All outputs of an operation. */
  ops(op: string, flags: Readonly<Record<string, boolean>>, ...inputs: readonly Value[]): Value[] {
    const described = inputs.map((input) => ({
      ...this.builder.spec(input),
      values: elementsOf(this.builder.node(input)),
    }));
    const rule = OP_RULES[op];
    const outputs = rule?.(described, flags) ?? [this.builder.spec(inputs[0] as Value)];
    const types = TYPES[op] ?? { T: DataType.float32 };
    const attrs = Object.fromEntries([
      ...Object.entries(types).map(([name, type]) => [name, typeAttr(type)] as const),
      ...Object.entries(flags).map(([name, flag]) => [name, boolAttr(flag)] as const),
    ]);
    return this.builder.add({ op, inputs, attrs, outputs, ...this.scope });
  }

  /** The graph with these results. */
  returning(...results: readonly Value[]): Graph {
    return this.builder.finish(results, []);
  }

  #placeholder(shape: Shape, dtype: number): Value {
    const attrs = { dtype: typeAttr(dtype), shape: { kind: "shape", value: shape } as const };
    return this.builder.addOne({ op: "Placeholder", attrs }, { shape, dtype });
  }

  #spec(shape: Shape): { shape: Shape; dtype: number } {
    return { shape, dtype: DataType.float32 };
  }
}

/** The largest difference between the results of two graphs, computed by TensorFlow. */
export function difference(a: Graph, b: Graph): number {
  const [left, right] = [evaluate(a).flatMap((values) => [...values]), evaluate(b).flatMap((values) => [...values])];
  expect(left).toHaveLength(right.length);
  return Math.max(...left.map((value, i) => Math.abs(value - (right[i] as number))));
}

/** As attention's `causalMask` is recorded: (tokens, tokens). */
export function causalMask(g: TestGraph, tokens: number): Value {
  const square = [tokens, tokens];
  const int32 = typeAttr(DataType.int32);
  const add = (op: string, inputs: readonly Value[], attrs: Attributes, shape: Shape, dtype: number): Value =>
    g.builder.addOne({ op, inputs, attrs }, { shape, dtype });
  const range = [0, tokens, 1].map((number) => g.builder.ints(number));
  const positions = add("Range", range, { Tidx: int32 }, [tokens], DataType.int32);
  const columns = [positions, g.builder.ints(1)];
  const queries = add("ExpandDims", columns, { T: int32, Tdim: int32 }, [tokens, 1], DataType.int32);
  const mayLook = add("LessEqual", [positions, queries], { T: int32 }, square, DataType.bool);
  const types = { SrcT: typeAttr(DataType.bool), DstT: typeAttr(DataType.float32) };
  const cast = add("Cast", [mayLook], types, square, DataType.float32);
  return g.op("Mul", g.op("Sub", cast, g.filled(1)), g.filled(1e9));
}

const TYPES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  Reshape: { T: DataType.float32, Tshape: DataType.int32 },
  Sum: { T: DataType.float32, Tidx: DataType.int32 },
  Transpose: { T: DataType.float32, Tperm: DataType.int32 },
  ScratchSoftmaxGrad: { D: DataType.float32, T: DataType.float32, U: DataType.float32 },
  SparseSoftmaxCrossEntropyWithLogits: { T: DataType.float32, Tlabels: DataType.int32 },
};

/** The graph as text: each result as one expression, `a`, `b` … for inputs and `v` for variables. */
export function expressions(graph: Graph): string[] {
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  const inputs = graph.nodes.filter(({ op }) => op === "Placeholder").map(({ id }) => id);
  const variables = graph.nodes.filter(({ op }) => op === "VarHandleOp").map(({ id }) => id);
  const render = ({ node: id, output }: Value): string => {
    const node = byId.get(id);
    if (!node) return "?";
    if (node.op === "Placeholder") return String.fromCodePoint(97 + inputs.indexOf(id));
    if (node.op === "VarHandleOp") return `v${variables.indexOf(id)}`;
    if (node.op === "ReadVariableOp") return `read ${render(node.inputs[0] as Value)}`;
    if (node.op === "Const") return constantText(elementsOf(node) ?? []);
    const flags = Object.entries(node.attrs).flatMap(([name, { value }]) => (value === true ? [name] : []));
    const name = [node.op, ...flags].join("/") + (output > 0 ? `:${output}` : "");
    return `${name}(${node.inputs.map(render).join(", ")})`;
  };
  return graph.results.map(render);
}

function constantText(elements: readonly number[]): string {
  const isUniform = elements.every((element) => element === elements[0]);
  return isUniform ? String(elements[0]) : `[${elements.join()}]`;
}

/** The results of a graph, computed by TensorFlow. Random inputs, the same for the same node ids. */
export function evaluate(graph: Graph, seed = 1): Float32Array[] {
  const native = nativeBackend();
  const session = new GraphSession("test", graph.nodes);
  const inputs = graph.nodes.filter(({ op }) => op === "Placeholder");
  const tensors = inputs.map(({ id, outputs: [spec] }) => {
    const shape = [...(spec?.shape ?? [])];
    const values = tf.randomUniform(shape, -1, 1, "float32", seed + id);
    return spec?.dtype === DataType.int32 ? values.abs().mul(7).cast("int32") : values;
  });
  const ids = native.getInputTensorIds(tensors);
  const feeds = new Map(inputs.map(({ id }, i) => [{ node: id, output: 0 }, ids[i] as number]));
  const results = session.run(feeds, graph.results).map((metadata) => native.createOutputTensor(metadata));
  const values = results.map((result) => result.dataSync() as Float32Array);
  tf.dispose([...tensors, ...results]);
  session.dispose();
  return values;
}
