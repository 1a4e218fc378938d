import type { Attribute, Attributes } from "./graph.ts";
import type { Binding, OpAttribute } from "./native-backend.ts";
import { IMPLIED_TYPES, type OpAttrs, type OpInput } from "./op-rules.ts";

/** Attributes as a graph states them: those that the kernel gave, and those that TensorFlow would infer. */
export function graphAttributes(
  op: string,
  given: readonly OpAttribute[],
  { inputs, binding }: { inputs: readonly OpInput[]; binding: Binding },
): Attributes {
  const implied = Object.entries(IMPLIED_TYPES[op] ?? {}).map(([name, index]): [string, Attribute] => [
    name,
    { kind: "type", value: inputs[index]?.dtype ?? 0 },
  ]);
  return Object.fromEntries([...implied, ...given.map((one) => [one.name, attributeOf(one, binding)] as const)]);
}

/** Attribute values by name, for the shape rules. */
export function attributeValues(given: readonly OpAttribute[]): OpAttrs {
  return Object.fromEntries(given.map(({ name, value }) => [name, value]));
}

function attributeOf({ name, type, value }: OpAttribute, binding: Binding): Attribute {
  switch (type) {
    case binding.TF_ATTR_SHAPE:
      return { kind: "shape", value: value as readonly number[] };
    case binding.TF_ATTR_INT:
      return Array.isArray(value) ? { kind: "ints", value } : { kind: "int", value: value as number };
    case binding.TF_ATTR_TYPE:
      return { kind: "type", value: value as number };
    case binding.TF_ATTR_FLOAT:
      return { kind: "float", value: value as number };
    case binding.TF_ATTR_BOOL:
      return { kind: "bool", value: value as boolean };
    case binding.TF_ATTR_STRING:
      return { kind: "string", value: value as string };
    default:
      throw new Error(`attribute "${name}" of the unknown kind ${type}`);
  }
}
