import { create, toBinary } from "@bufbuild/protobuf";
import {
  type Attribute,
  type ConstantData,
  elementCount,
  type GraphNode,
  type TensorSpec,
  type Value,
} from "./graph.ts";
import { type AttrValue, AttrValueSchema, type NodeDef, NodeDefSchema } from "./saved-model/saved-model_pb.ts";
import {
  SavedModelSchema,
  type TensorProto,
  TensorProtoSchema,
  TensorShapeProtoSchema,
} from "./saved-model/saved-model_pb.ts";

/** Version of the operations (TensorFlow 2.21's); they have not changed for years. */
const PRODUCER = 1645;

/** Tag under which the graph is found in its file. */
export const SERVE = "serve";

/** The bytes of a saved_model.pb that holds these nodes. */
export function savedModelBytes(nodes: readonly GraphNode[], tensorflowVersion: string): Uint8Array<ArrayBuffer> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const model = create(SavedModelSchema, {
    savedModelSchemaVersion: 1,
    metaGraphs: [
      {
        metaInfoDef: { tags: [SERVE], tensorflowVersion },
        graphDef: { node: nodes.map((node) => nodeDef(node, byId)), versions: { producer: PRODUCER } },
      },
    ],
  });
  return toBinary(SavedModelSchema, model);
}

/** Name of a node in the file. */
export function nodeName(node: GraphNode): string {
  return `${node.op}_${node.id}`;
}

function nodeDef(node: GraphNode, byId: ReadonlyMap<number, GraphNode>): NodeDef {
  const name = (id: number): string => nodeName(byId.get(id) as GraphNode);
  const input = ({ node: id, output }: Value): string => (output === 0 ? name(id) : `${name(id)}:${output}`);
  const spec = node.outputs[0];
  const attr = Object.entries(node.attrs).map(([key, value]) => [key, attrValue(value, spec)] as const);
  return create(NodeDefSchema, {
    name: nodeName(node),
    op: node.op,
    input: [...node.inputs.map(input), ...[...new Set(node.after)].map((id) => `^${name(id)}`)],
    attr: Object.fromEntries(attr),
  });
}

function attrValue(attribute: Attribute, spec: TensorSpec | undefined): AttrValue {
  return create(AttrValueSchema, { value: oneof(attribute, spec) });
}

function oneof(attribute: Attribute, spec: TensorSpec | undefined): AttrValue["value"] {
  switch (attribute.kind) {
    case "type":
      return { case: "type", value: attribute.value };
    case "int":
      return { case: "i", value: attribute.value };
    case "float":
      return { case: "f", value: attribute.value };
    case "bool":
      return { case: "b", value: attribute.value };
    case "string":
      return { case: "s", value: new TextEncoder().encode(attribute.value) };
    case "shape":
      return { case: "shape", value: shapeProto(attribute.value) };
    case "ints":
      return create(AttrValueSchema, { value: { case: "list", value: { i: [...attribute.value] } } }).value;
    case "tensor":
      return { case: "tensor", value: tensorProto(attribute.value, spec as TensorSpec) };
  }
}

function shapeProto(shape: readonly number[]): ReturnType<typeof create<typeof TensorShapeProtoSchema>> {
  return create(TensorShapeProtoSchema, { dim: shape.map((size) => ({ size })) });
}

/** A single element stands for all of them: TensorFlow repeats the last one given. */
function tensorProto(data: ConstantData, { shape, dtype }: TensorSpec): TensorProto {
  const head = { dtype, tensorShape: shapeProto(shape) };
  if (data.length === elementCount(shape) && data.length > 1) {
    const tensorContent = new Uint8Array(data.slice().buffer);
    return create(TensorProtoSchema, { ...head, tensorContent });
  }
  const values = [...data];
  if (data instanceof Float32Array) return create(TensorProtoSchema, { ...head, floatVal: values });
  if (data instanceof Int32Array) return create(TensorProtoSchema, { ...head, intVal: values });
  return create(TensorProtoSchema, { ...head, boolVal: values.map(Boolean) });
}
