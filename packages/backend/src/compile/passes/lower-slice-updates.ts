import { GraphBuilder } from "../graph-builder.ts";
import {
  DataType,
  type Graph,
  type GraphNode,
  numberAttr,
  sameValue,
  type TensorSpec,
  typeAttr,
  type Value,
} from "../graph.ts";
import { nextId, nodesById } from "../rewrite.ts";

/**
 * A slice written into a variable's value and assigned to that variable is written in place; whoever uses the result reads
 * the variable after that. Other slices are written into a copy.
 */
export function lowerSliceUpdates(graph: Graph): Graph {
  const builder = new GraphBuilder(nextId(graph));
  const assignments = assignmentsOf(graph);
  const results = new Map<number, Value>();
  /** The writes that take the place of assignments. */
  const writes = new Map<number, number>();
  const mapped = (value: Value): Value => results.get(value.node) ?? value;
  for (const node of graph.nodes) {
    if (writes.has(node.id)) continue;
    const current = { ...node, inputs: node.inputs.map(mapped) };
    if (node.op !== "SliceUpdate") {
      builder.put(current);
      continue;
    }
    const assignment = assignments.get(node.id);
    const { value, write } = assignment ? writeInPlace(current, builder) : writeCopy(current, builder);
    results.set(node.id, value);
    if (assignment !== undefined && write !== undefined) writes.set(assignment, write);
  }
  return builder.finish(
    graph.results.map(mapped),
    graph.effects.map((id) => writes.get(id) ?? id),
  );
}

/** The assignment of each slice update to the variable that it has read. */
function assignmentsOf(graph: Graph): Map<number, number> {
  const byId = nodesById(graph);
  const found = new Map<number, number>();
  for (const { id, op, inputs } of graph.nodes) {
    const [handle, value] = inputs;
    const update = op === "AssignVariableOp" ? byId.get(value?.node ?? -1) : undefined;
    const read = update?.op === "SliceUpdate" ? byId.get(update.inputs[0]?.node ?? -1) : undefined;
    const isOwn = read?.op === "ReadVariableOp" && sameValue(read.inputs[0] as Value, handle as Value);
    if (update && isOwn) found.set(update.id, id);
  }
  return found;
}

interface Written {
  readonly value: Value;
  readonly write?: number;
}

function writeInPlace(update: GraphNode, builder: GraphBuilder): Written {
  const [whole, part] = update.inputs as [Value, Value];
  const handle = builder.node(whole).inputs[0] as Value;
  const { bounds, attrs } = range(update, builder);
  const inputs = [handle, ...bounds, part];
  const write = builder.addEffect({ op: "ResourceStridedSliceAssign", inputs, attrs });
  const read = { op: "ReadVariableOp", inputs: [handle], after: [write], attrs: { dtype: typeAttr(DataType.float32) } };
  return { value: builder.addOne(read, update.outputs[0] as TensorSpec), write };
}

function writeCopy(update: GraphNode, builder: GraphBuilder): Written {
  const [whole, part] = update.inputs as [Value, Value];
  const { bounds, attrs } = range(update, builder);
  const inputs = [whole, ...bounds, part];
  return { value: builder.addOne({ op: "TensorStridedSliceUpdate", inputs, attrs }, update.outputs[0] as TensorSpec) };
}

/** Begin, end and strides of a slice that is whole along all axes but one. */
function range(update: GraphNode, builder: GraphBuilder): { bounds: Value[]; attrs: GraphNode["attrs"] } {
  const [whole, part, start] = update.inputs as [Value, Value, Value];
  const axis = numberAttr(update, "axis") as number;
  const { shape } = builder.spec(whole);
  const int = { shape: [], dtype: DataType.int32 };
  const T = typeAttr(DataType.int32);
  const length = builder.ints(builder.spec(part).shape[axis] as number);
  const stop = builder.addOne({ op: "AddV2", inputs: [start, length], attrs: { T } }, int);
  const pack = (value: Value): Value => {
    const inputs = shape.map((_, i) => (i === axis ? value : builder.ints(0)));
    const attrs = { N: { kind: "int", value: shape.length }, T, axis: { kind: "int", value: 0 } } as const;
    return builder.addOne({ op: "Pack", inputs, attrs }, { shape: [shape.length], dtype: DataType.int32 });
  };
  const mask = { kind: "int", value: 2 ** shape.length - 1 - 2 ** axis } as const; // whole along the other axes
  return {
    bounds: [pack(start), pack(stop), builder.ints(shape.map(() => 1))],
    attrs: { T: typeAttr(DataType.float32), Index: T, begin_mask: mask, end_mask: mask },
  };
}
