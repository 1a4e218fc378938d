import { useTestBackend } from "@test/backend.ts";
import { TestGraph } from "@test/graph.ts";
import { expect, test } from "vitest";
import { boolAttr, DataType, type Graph, type GraphNode, typeAttr, type Value } from "../graph.ts";
import { addTransfers } from "../transfers.ts";
import { removeDeadNodes } from "./remove-dead-nodes.ts";
import { assignInPlace } from "./assign-in-place.ts";
import { copyAssignedInputs } from "./copy-assigned-inputs.ts";
import { expandAdamW } from "./expand-adamw.ts";
import { fuseAdamW } from "./fuse-adamw.ts";
import { keepRounded } from "./keep-rounded.ts";
import { lowerSliceUpdates } from "./lower-slice-updates.ts";
import { orderUpdates } from "./order-updates.ts";

await useTestBackend("native");

interface Update {
  readonly g: TestGraph;
  readonly parameter: { handle: Value; read: Value };
  readonly updated: [Value, Value, Value];
  readonly effects: number[];
}

/** One AdamW update, assigned to its variables. */
function update({ keep = 0.5 }: { keep?: number } = {}): Update {
  const g = new TestGraph();
  const variables = [g.variable(3), g.variable(3), g.variable(3)];
  const reads = variables.map(({ read }) => read);
  const scalars = [g.filled(keep), g.input(), g.input()];
  const [spec] = reads.map((read) => g.builder.spec(read));
  const attrs = Object.fromEntries(
    Object.entries({ beta1: 0.9, beta2: 0.999, eps: 1e-8 }).map(([name, value]) => [
      name,
      { kind: "float", value } as const,
    ]),
  );
  const updated = g.builder.add({
    op: "AdamWUpdate",
    inputs: [...reads, g.input(3), ...scalars],
    attrs,
    outputs: [spec!, spec!, spec!],
  }) as [Value, Value, Value];
  const effects = variables.map(({ handle, read }, i) =>
    g.builder.addEffect({ op: "AssignVariableOp", inputs: [handle, updated[i] as Value], after: [read.node] }),
  );
  return { g, parameter: variables[0]!, updated, effects };
}

const ops = (graph: Graph): string[] =>
  removeDeadNodes(graph)
    .nodes.map(({ op }) => op)
    .filter((op) => !["Const", "Placeholder", "VarHandleOp", "ReadVariableOp"].includes(op));
const find = (graph: Graph, op: string): GraphNode => graph.nodes.find((node) => node.op === op) as GraphNode;

test("an update becomes a decay and an Adam step in place, one after the other", () => {
  const { g, effects } = update();
  const graph = fuseAdamW({ ...g.returning(), effects });
  expect(ops(graph).filter((op) => op.startsWith("Resource"))).toEqual([
    "ResourceApplyProximalGradientDescent",
    "ResourceApplyAdam",
  ]);
  expect(ops(graph)).not.toContain("AssignVariableOp");
  expect(find(graph, "ResourceApplyAdam").after).toEqual([find(graph, "ResourceApplyProximalGradientDescent").id]);
  expect(graph.effects).toEqual([find(graph, "ResourceApplyAdam").id]);
});

test("with the kernels it is one operation, which waits for all who read the variable", () => {
  const { g, effects, parameter } = update();
  const other = g.op("Exp", parameter.read);
  const graph = orderUpdates(fuseAdamW({ ...g.returning(other), effects }, true));
  expect(ops(graph)).toEqual(["Exp", "ScratchAdamW"]);
  expect(find(graph, "ScratchAdamW").after).toEqual(expect.arrayContaining([parameter.read.node, other.node]));
});

test("the kernel also keeps the weight that products read in bfloat16", () => {
  const { g, effects, parameter } = update();
  const attrs = { SrcT: typeAttr(DataType.float32), DstT: typeAttr(DataType.bfloat16), Truncate: boolAttr(false) };
  const spec = { shape: [3], dtype: DataType.bfloat16 };
  const rounded = g.builder.addOne({ op: "Cast", inputs: [parameter.read], attrs }, spec);
  const graph = orderUpdates(keepRounded(fuseAdamW({ ...g.returning(g.op("Exp", rounded)), effects }, true)));
  expect(ops(graph)).toEqual(["Exp", "ScratchAdamW"]);
  const [kept] = find(graph, "Exp").inputs as [Value];
  expect(find(graph, "ScratchAdamW").inputs.at(-1)).toEqual(kept);
  expect(find(graph, "ScratchAdamW").after).toContain(find(graph, "Exp").id);

  const { nodes } = addTransfers(graph, [{ handle: parameter.handle, spec: { shape: [3], dtype: DataType.float32 } }]);
  expect(nodes.filter(({ op }) => op === "AssignVariableOp")).toHaveLength(2);
  expect(nodes.filter(({ op }) => op === "DestroyResourceOp")).toHaveLength(2);
});

test("a variable whose old value is a result is not updated in place", () => {
  const { g, effects, parameter } = update();
  const graph = { ...g.returning(g.op("Reshape", parameter.read, g.builder.ints([3, 1]))), effects };
  expect(fuseAdamW(graph, true)).toEqual(graph);
});

test("without decay there is none", () => {
  const { g, effects } = update({ keep: 1 });
  expect(ops(fuseAdamW({ ...g.returning(), effects }))).toEqual(["Mul", "Mul", "ResourceApplyAdam"]);
});

test("an update whose result is used for something else becomes arithmetic", () => {
  const { g, effects, updated } = update();
  const graph = { ...g.returning(g.op("Exp", updated[0])), effects };
  expect(fuseAdamW(graph)).toEqual(graph);
  expect(ops(expandAdamW(graph))).toContain("Sqrt");
  expect(ops(expandAdamW(graph))).not.toContain("AdamWUpdate");
});

test("a sum assigned to its own variable is added in place, unless it is wanted", () => {
  const g = new TestGraph();
  const { handle, read } = g.variable(3);
  const sum = g.op("AddV2", read, g.input(3));
  const effect = g.builder.addEffect({ op: "AssignVariableOp", inputs: [handle, sum], after: [read.node] });
  expect(ops(assignInPlace({ ...g.returning(), effects: [effect] }))).toEqual(["AssignAddVariableOp"]);
  expect(ops(assignInPlace({ ...g.returning(sum), effects: [effect] }))).toEqual(["AddV2", "AssignVariableOp"]);
});

test("a difference too, but not one with the variable on the right, nor a stretched one", () => {
  const assigned = (value: (g: TestGraph, read: Value) => Value): string[] => {
    const g = new TestGraph();
    const { handle, read } = g.variable(3);
    const effect = g.builder.addEffect({ op: "AssignVariableOp", inputs: [handle, value(g, read)] });
    return ops(assignInPlace({ ...g.returning(), effects: [effect] }));
  };
  expect(assigned((g, read) => g.op("Sub", read, g.input(3)))).toEqual(["AssignSubVariableOp"]);
  expect(assigned((g, read) => g.op("Sub", g.input(3), read))).toEqual(["Sub", "AssignVariableOp"]);
  expect(assigned((g, read) => g.op("Sub", read, g.input()))).toEqual(["Sub", "AssignVariableOp"]);
});

test("an update in place waits for all who read the variable, also through a reshape", () => {
  const { g, effects, parameter } = update();
  const direct = g.op("Exp", parameter.read);
  const reshaped = g.op("Log", g.op("Reshape", parameter.read, g.builder.ints([3, 1])));
  const graph = orderUpdates(fuseAdamW({ ...g.returning(direct, reshaped), effects }));
  const decay = find(graph, "ResourceApplyProximalGradientDescent");
  const { node: read } = parameter.read;
  expect(decay.after).toEqual([read, direct.node, reshaped.node]);
  expect(find(graph, "ResourceApplyAdam").after).toEqual(
    expect.arrayContaining([decay.id, read, direct.node, reshaped.node]),
  );
});

test("what is fed is copied before it is assigned, also through a reshape; what is computed is not", () => {
  const assigned = (value: (g: TestGraph) => Value): string[] => {
    const g = new TestGraph();
    const effect = g.builder.addEffect({ op: "AssignVariableOp", inputs: [g.variable(3).handle, value(g)] });
    const graph = copyAssignedInputs({ ...g.returning(), effects: [effect] });
    expect(graph.effects).toEqual([effect]);
    return ops(graph);
  };
  expect(assigned((g) => g.input(3))).toEqual(["DeepCopy", "AssignVariableOp"]);
  expect(assigned((g) => g.op("Reshape", g.input(3, 1), g.builder.ints([3])))).toContain("DeepCopy");
  expect(assigned((g) => g.op("Exp", g.input(3)))).toEqual(["Exp", "AssignVariableOp"]);
});

test("a slice is written in place into its variable, and read from there; into a copy otherwise", () => {
  const lowered = (isAssigned: boolean): Graph => {
    const g = new TestGraph();
    const { handle, read } = g.variable(2, 5);
    const start = g.labels();
    const attrs = { axis: { kind: "int", value: 1 } } as const;
    const updated = g.builder.addOne(
      { op: "SliceUpdate", inputs: [read, g.input(2, 2), start], attrs },
      g.builder.spec(read),
    );
    const other = g.op("Log", read);
    const result = g.op("Exp", updated);
    const inputs = [handle, updated];
    const effects = isAssigned ? [g.builder.addEffect({ op: "AssignVariableOp", inputs, after: [read.node] })] : [];
    return orderUpdates(lowerSliceUpdates({ ...g.returning(result, other), effects }));
  };
  const inPlace = lowered(true);
  const write = find(inPlace, "ResourceStridedSliceAssign");
  expect(ops(inPlace)).not.toContain("AssignVariableOp");
  expect(inPlace.effects).toEqual([write.id]);
  expect(write.after).toContain(find(inPlace, "Log").id);
  expect(write.attrs["begin_mask"]?.value).toBe(1);
  const late = inPlace.nodes.find(({ id }) => id === find(inPlace, "Exp").inputs[0]?.node);
  expect([late?.op, late?.after]).toEqual(["ReadVariableOp", [write.id]]);

  expect(ops(lowered(false))).toContain("TensorStridedSliceUpdate");
});

test("a user of the old value that also needs the new one does not hold the write up", () => {
  const g = new TestGraph();
  const { handle, read } = g.variable(3);
  const inputs = [handle, g.input(3)];
  const write = g.builder.addEffect({ op: "AssignAddVariableOp", inputs, after: [read.node] });
  const late = g.builder.addOne({ op: "ReadVariableOp", inputs: [handle], after: [write] }, g.builder.spec(read));
  const both = g.op("Mul", read, late);
  const ordered = orderUpdates({ ...g.returning(both), effects: [write] });
  expect(find(ordered, "AssignAddVariableOp").after).toEqual([read.node]);
});
