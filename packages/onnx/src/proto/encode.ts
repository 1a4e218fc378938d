import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Attribute, ModelMessage, NodeMessage, TensorMessage, ValueMessage } from "./messages.ts";
import { TENSOR_TYPES } from "./messages.ts";

/** First version of the format in which all we write is valid; every reader of opset 20 knows it. */
const IR_VERSION = 10;

/** `AttributeProto.AttributeType`. */
const ATTRIBUTE = { float: 1, int: 2, string: 3, tensor: 4, ints: 7 } as const;

/** `TensorProto.DataLocation`. */
const EXTERNAL = 1;

/** The bytes of an .onnx file. */
export function encodeModel(model: ModelMessage): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int64(IR_VERSION);
  string(writer, 2, "scratch-llm");
  for (const pair of Object.entries(model.metadata)) writePair(writer, 14, pair); // first: a file that was cut off says what it is
  message(writer, 7, (graph) => {
    for (const node of model.nodes) message(graph, 1, (inner) => writeNode(inner, node));
    string(graph, 2, "gpt");
    for (const tensor of model.initializers) message(graph, 5, (inner) => writeTensor(inner, tensor));
    for (const value of model.inputs) message(graph, 11, (inner) => writeValue(inner, value));
    for (const value of model.outputs) message(graph, 12, (inner) => writeValue(inner, value));
  });
  for (const [domain, version] of Object.entries(model.opsets)) {
    message(writer, 8, (opset) => {
      string(opset, 1, domain);
      opset.tag(2, WireType.Varint).int64(version);
    });
  }
  return writer.finish();
}

function writeNode(writer: BinaryWriter, { op, domain, inputs, outputs, attributes }: NodeMessage): void {
  for (const name of inputs) string(writer, 1, name);
  for (const name of outputs) string(writer, 2, name);
  string(writer, 3, `${op}:${outputs[0]}`);
  string(writer, 4, op);
  for (const [name, value] of Object.entries(attributes)) {
    message(writer, 5, (inner) => {
      string(inner, 1, name);
      writeAttribute(inner, value);
    });
  }
  if (domain !== "") string(writer, 7, domain);
}

function writeAttribute(writer: BinaryWriter, value: Attribute): void {
  const type = (kind: keyof typeof ATTRIBUTE): unknown => writer.tag(20, WireType.Varint).int32(ATTRIBUTE[kind]);
  if (typeof value === "number") {
    writer.tag(3, WireType.Varint).int64(value);
    type("int");
  } else if (typeof value === "string") {
    string(writer, 4, value);
    type("string");
  } else if ("float" in value) {
    writer.tag(2, WireType.Bit32).float(value.float);
    type("float");
  } else if ("content" in value) {
    message(writer, 5, (inner) => writeTensor(inner, value));
    type("tensor");
  } else {
    for (const item of value) writer.tag(8, WireType.Varint).int64(item);
    type("ints");
  }
}

function writeTensor(writer: BinaryWriter, { name, type, shape, content }: TensorMessage): void {
  for (const size of shape) writer.tag(1, WireType.Varint).int64(size);
  writer.tag(2, WireType.Varint).int32(TENSOR_TYPES[type]);
  string(writer, 8, name);
  if (content instanceof Uint8Array) {
    writer.tag(9, WireType.LengthDelimited).bytes(content);
    return;
  }
  for (const [key, value] of Object.entries(content)) writePair(writer, 13, [key, String(value)]);
  writer.tag(14, WireType.Varint).int32(EXTERNAL);
}

/** `ValueInfoProto` > `TypeProto` > `TypeProto.Tensor` > `TensorShapeProto` > `Dimension`. */
function writeValue(writer: BinaryWriter, { name, type, shape }: ValueMessage): void {
  string(writer, 1, name);
  message(writer, 2, (typeProto) =>
    message(typeProto, 1, (tensor) => {
      tensor.tag(1, WireType.Varint).int32(TENSOR_TYPES[type]);
      message(tensor, 2, (dimensions) => {
        for (const size of shape) {
          message(dimensions, 1, (dimension) => {
            if (typeof size === "string") string(dimension, 2, size);
            else dimension.tag(1, WireType.Varint).int64(size);
          });
        }
      });
    }),
  );
}

function writePair(writer: BinaryWriter, field: number, [key, value]: readonly [string, string]): void {
  message(writer, field, (pair) => {
    string(pair, 1, key);
    string(pair, 2, value);
  });
}

function string(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}

function message(writer: BinaryWriter, field: number, write: (inner: BinaryWriter) => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write(writer);
  writer.join();
}
