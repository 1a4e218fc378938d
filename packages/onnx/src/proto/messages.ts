/**
 * The messages of the ONNX format that a GPT needs, with the names and numbers of onnx/onnx.proto (IR version 10).
 * A graph is a list of operations on named tensors; large tensors lie in a file beside it ("external data").
 */

/** `TensorProto.DataType`. */
export const TENSOR_TYPES = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, float16: 10 } as const;

/** Element type of a tensor. */
export type TensorType = keyof typeof TENSOR_TYPES;

/** Bytes of one element. */
export const ELEMENT_BYTES: Readonly<Record<TensorType, number>> = {
  float32: 4,
  uint8: 1,
  int8: 1,
  int32: 4,
  int64: 8,
  float16: 2,
};

/** `AttributeProto`: the kind follows from the value; a whole number that is meant as a float is `{ float: 1 }`. */
export type Attribute = number | string | readonly number[] | { readonly float: number } | TensorMessage;

/** `NodeProto`: one operation. */
export interface NodeMessage {
  readonly op: string;
  /** Empty for ONNX's own operations. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** `TensorProto`, with its numbers inside or in the data file. */
export interface TensorMessage {
  readonly name: string;
  readonly type: TensorType;
  readonly shape: readonly number[];
  readonly content: Uint8Array | ExternalData;
}

/** Where in which file a tensor's bytes are. */
interface ExternalData {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** `ValueInfoProto`: an input or output of the graph; a dimension is a number or the name of an open one. */
export interface ValueMessage {
  readonly name: string;
  readonly type: TensorType;
  readonly shape: readonly (number | string)[];
}

/** `ModelProto` with its `GraphProto`. */
export interface ModelMessage {
  /** Version of each domain of operations. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly nodes: readonly NodeMessage[];
  readonly initializers: readonly TensorMessage[];
  readonly inputs: readonly ValueMessage[];
  readonly outputs: readonly ValueMessage[];
}
