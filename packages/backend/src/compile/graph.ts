/** TensorFlow's numbers for the element types that occur. */
export const DataType = { float32: 1, int32: 3, int64: 9, bool: 10, bfloat16: 14, resource: 20 } as const;

/** Shape and element type of one output. */
export interface TensorSpec {
  readonly shape: readonly number[];
  readonly dtype: number;
}

/** The elements of a constant: all of them, or one that stands for all. */
export type ConstantData = Float32Array | Int32Array | Uint8Array;

/** An attribute of an operation, by the names of TensorFlow's AttrValue. */
export type Attribute =
  | { readonly kind: "type" | "int" | "float"; readonly value: number }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "shape" | "ints"; readonly value: readonly number[] }
  | { readonly kind: "tensor"; readonly value: ConstantData };

/** Attributes by name. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** One output of a node. */
export interface Value {
  readonly node: number;
  readonly output: number;
}

/** One operation. Nodes are never changed: a pass makes new ones. */
export interface GraphNode {
  readonly id: number;
  /** A TensorFlow operation (or `AdamWUpdate` or `SliceUpdate`, which passes turn into some). */
  readonly op: string;
  readonly inputs: readonly Value[];
  /** Nodes that run before this one without giving it anything. */
  readonly after: readonly number[];
  readonly attrs: Attributes;
  readonly outputs: readonly TensorSpec[];
  /** Number of the `checkpoint` region it was recorded in, if any. */
  readonly region?: number;
  /** Whether it was recorded while gradients were computed. */
  readonly backward?: boolean;
}

/** What a node is made from; its id comes from the builder. */
export type NodeInit = Pick<GraphNode, "op" | "outputs"> & Partial<Omit<GraphNode, "id" | "op" | "outputs">>;

/** A recorded function: operations in an order in which they can run, what it returns, and what it does to variables. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly results: readonly Value[];
  /** Nodes that run for their effect (assignments). */
  readonly effects: readonly number[];
}

/** Number of elements of a shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Whether two outputs are the same. */
export function sameValue(a: Value, b: Value): boolean {
  return a.node === b.node && a.output === b.output;
}

/** Whether two shapes are the same. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** The value of a type attribute, or undefined. */
export function numberAttr(node: GraphNode, name: string): number | undefined {
  const attribute = node.attrs[name];
  return attribute && typeof attribute.value === "number" ? attribute.value : undefined;
}

/** Whether a node adds two tensors. */
export function isSum({ op }: GraphNode): boolean {
  return op === "Add" || op === "AddV2";
}

/** Whether a boolean attribute is set. */
export function isSet(node: GraphNode, name: string): boolean {
  return node.attrs[name]?.value === true;
}

/** A type attribute. */
export function typeAttr(value: number): Attribute {
  return { kind: "type", value };
}

/** A boolean attribute. */
export function boolAttr(value: boolean): Attribute {
  return { kind: "bool", value };
}
