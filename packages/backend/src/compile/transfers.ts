import type { GraphBuilder } from "./graph-builder.ts";
import { DataType, type Graph, type GraphNode, type TensorSpec, typeAttr, type Value } from "./graph.ts";
import { ROUNDED_FROM } from "./passes/keep-rounded.ts";
import { cast } from "./passes/use-bfloat16.ts";
import { builderFrom } from "./rewrite.ts";

/** A variable of a graph. */
export interface GraphVariable {
  readonly handle: Value;
  readonly spec: TensorSpec;
}

/** What can be asked of a loaded graph. */
export interface EntryPoints {
  /** All nodes, those of the entry points included. */
  readonly nodes: readonly GraphNode[];
  /** Fetched to run the function: its results, then one value that stands for its effects. */
  readonly call: readonly Value[];
  /** Fed to give the variables their values, in their order; `loaded` is fetched. */
  readonly incoming: readonly Value[];
  readonly loaded: Value;
  /** Fetched to take the variables' values away: the values, then one value that stands for freeing them. */
  readonly release: readonly Value[];
}

/** Adds to a graph what moves variables in and out of a session. */
export function addTransfers(graph: Graph, variables: readonly GraphVariable[]): EntryPoints {
  const builder = builderFrom(graph);
  const done = (after: readonly number[]): Value => signal(builder, after);
  const results = graph.results.map((value) =>
    builder.node(value).op === "Placeholder" ? copy(builder, value) : value,
  );
  const call = graph.effects.length > 0 ? [...results, done(graph.effects)] : results;
  const moves = variables.map((variable) => transfer(builder, variable));
  const copies = moves.flatMap((move) => roundedOf(move.handle, graph).map((rounded) => round(builder, move, rounded)));
  return {
    call,
    incoming: moves.map(({ incoming }) => incoming),
    loaded: done([...moves, ...copies].map(({ assign }) => assign)),
    release: [...moves.map(({ read }) => read), done([...moves, ...copies].map(({ destroy }) => destroy))],
    nodes: builder.nodes,
  };
}

interface Transfer {
  readonly handle: Value;
  readonly incoming: Value;
  readonly assign: number;
  readonly read: Value;
  readonly destroy: number;
}

function transfer(builder: GraphBuilder, { handle, spec }: GraphVariable): Transfer {
  const attrs = { dtype: typeAttr(spec.dtype) };
  const shape = { kind: "shape", value: spec.shape } as const;
  const incoming = builder.addOne({ op: "Placeholder", attrs: { ...attrs, shape } }, spec);
  const read = builder.addOne({ op: "ReadVariableOp", inputs: [handle], attrs }, spec);
  const assign = builder.addEffect({ op: "AssignVariableOp", inputs: [handle, incoming], attrs });
  const destroy = builder.addEffect({ op: "DestroyResourceOp", inputs: [handle], after: [read.node] });
  return { handle, incoming, assign, read, destroy };
}

/** The handles of variables that hold this one's value rounded. */
function roundedOf({ node: handle }: Value, { nodes }: Graph): Value[] {
  const rounded = nodes.filter(({ attrs }) => attrs[ROUNDED_FROM]?.value === handle);
  return rounded.map(({ id }) => ({ node: id, output: 0 }));
}

/** Makes a rounded copy of what comes in, and frees it with the variable. */
function round(
  builder: GraphBuilder,
  { incoming, read }: Transfer,
  rounded: Value,
): Pick<Transfer, "assign" | "destroy"> {
  const value = cast(incoming, DataType.bfloat16, builder);
  const attrs = { dtype: typeAttr(DataType.bfloat16) };
  const assign = builder.addEffect({ op: "AssignVariableOp", inputs: [rounded, value], attrs });
  const destroy = builder.addEffect({ op: "DestroyResourceOp", inputs: [rounded], after: [read.node] });
  return { assign, destroy };
}

/** TensorFlow does not fetch what is fed. */
function copy(builder: GraphBuilder, value: Value): Value {
  const spec = builder.spec(value);
  return builder.addOne({ op: "Identity", inputs: [value], attrs: { T: typeAttr(spec.dtype) } }, spec);
}

/** A number that can be fetched once the given nodes have run: an operation without outputs cannot. */
function signal(builder: GraphBuilder, after: readonly number[]): Value {
  const attrs = { T: typeAttr(DataType.float32) };
  const spec = { shape: [], dtype: DataType.float32 };
  return builder.addOne({ op: "Identity", inputs: [builder.scalar(0)], after, attrs }, spec);
}
