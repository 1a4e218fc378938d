import { createHash } from "node:crypto";
import {
  type Attributes,
  type ConstantData,
  DataType,
  elementCount,
  type Graph,
  type GraphNode,
  type NodeInit,
  type TensorSpec,
  typeAttr,
  type Value,
} from "./graph.ts";

/** Constants of at most so many bytes are compared by their bytes, larger ones by a hash. */
const MAX_PLAIN_KEY = 64;

/** Makes a graph, node by node; equal constants become one. */
export class GraphBuilder {
  readonly #nodes: Map<number, GraphNode> = new Map();
  readonly #constants: Map<string, Value> = new Map();
  #nextId: number;

  constructor(firstId = 0) {
    this.#nextId = firstId;
  }

  /** The nodes so far, in order. */
  get nodes(): GraphNode[] {
    return [...this.#nodes.values()];
  }

  /** Adds an operation; answers with its outputs. */
  add(init: NodeInit): Value[] {
    const node = { inputs: [], after: [], attrs: {}, ...init, id: this.#nextId++ };
    return this.put(node);
  }

  /** Adds an operation with one output. */
  addOne(init: Omit<NodeInit, "outputs">, output: TensorSpec): Value {
    return this.add({ ...init, outputs: [output] })[0] as Value;
  }

  /** Adds an operation that is there for what it does; answers with its id. */
  addEffect(init: Omit<NodeInit, "outputs">): number {
    this.add({ ...init, outputs: [] });
    return this.#nextId - 1;
  }

  /** Adds a node of another graph under its old id. */
  put(node: GraphNode): Value[] {
    this.#nodes.set(node.id, node);
    this.#nextId = Math.max(this.#nextId, node.id + 1);
    const data = constantOf(node);
    if (data) this.#remember(data, node.outputs[0] as TensorSpec, { node: node.id, output: 0 });
    return node.outputs.map((_, output) => ({ node: node.id, output }));
  }

  /** The node that makes a value. */
  node(value: Value): GraphNode {
    return this.#nodes.get(value.node) as GraphNode;
  }

  /** Shape and type of a value. */
  spec(value: Value): TensorSpec {
    return this.node(value).outputs[value.output] as TensorSpec;
  }

  /** A constant; where all its elements are equal, only one is kept. */
  constant(data: ConstantData, spec: TensorSpec): Value {
    const kept = isUniform(data) ? data.subarray(0, 1) : data;
    const known = this.#constants.get(keyOf(kept, spec));
    if (known) return known;
    const attrs: Attributes = { dtype: typeAttr(spec.dtype), value: { kind: "tensor", value: kept } };
    return this.addOne({ op: "Const", attrs }, spec);
  }

  /** A float32 scalar. */
  scalar(value: number): Value {
    return this.constant(Float32Array.of(value), { shape: [], dtype: DataType.float32 });
  }

  /** An int32 vector, or a scalar for a single number. */
  ints(values: number | readonly number[]): Value {
    const shape = typeof values === "number" ? [] : [values.length];
    return this.constant(Int32Array.from([values].flat() as number[]), { shape, dtype: DataType.int32 });
  }

  /** The graph. */
  finish(results: readonly Value[], effects: readonly number[]): Graph {
    return { nodes: this.nodes, results, effects };
  }

  #remember(data: ConstantData, spec: TensorSpec, value: Value): void {
    const key = keyOf(data, spec);
    if (!this.#constants.has(key)) this.#constants.set(key, value);
  }
}

/** The elements of a constant node, or undefined for another node; a single element may stand for all. */
export function constantOf(node: GraphNode | undefined): ConstantData | undefined {
  const value = node?.op === "Const" ? node.attrs["value"] : undefined;
  return value?.kind === "tensor" ? value.value : undefined;
}

/** The one number that a constant holds in every element, or undefined. */
export function uniformOf(node: GraphNode | undefined): number | undefined {
  const data = constantOf(node);
  return data?.length === 1 ? data[0] : undefined;
}

/** All elements of a constant node. */
export function elementsOf(node: GraphNode | undefined): number[] | undefined {
  const data = constantOf(node);
  if (!(data && node)) return undefined;
  const count = elementCount(node.outputs[0]?.shape ?? []);
  return data.length === count ? [...data] : Array.from({ length: count }, () => data[0] as number);
}

function isUniform(data: ConstantData): boolean {
  const bits = data instanceof Float32Array ? new Int32Array(data.buffer, data.byteOffset, data.length) : data;
  return bits.length > 0 && bits.every((element) => element === bits[0]);
}

/** Equal constants have equal keys. */
function keyOf(data: ConstantData, spec: TensorSpec): string {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const content = bytes.length <= MAX_PLAIN_KEY ? bytes.join() : createHash("sha256").update(bytes).digest("hex");
  return `${spec.dtype}|${spec.shape.join()}|${content}`;
}
