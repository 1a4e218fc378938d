import { useTestBackend } from "@test/backend.ts";
import { evaluate, TestGraph } from "@test/graph.ts";
import { expect, test } from "vitest";
import type { Graph, GraphNode, Value } from "../graph.ts";
import { recomputeRegions } from "./recompute-regions.ts";

const native = await useTestBackend("native");

/** Two regions, x → tanh(x · w), a loss, and the gradient of x by hand. */
function twoRegions(): { graph: Graph; tanhs: Value[]; products: Value[] } {
  const g = new TestGraph();
  const [x, w] = [g.input(4, 4), g.input(4, 4)];
  const forward = (input: Value, region: number): { product: Value; tanh: Value; output: Value } => {
    g.scope = { region };
    const product = g.product("nn", input, w);
    const tanh = g.op("Tanh", product);
    const output = g.op("AddV2", tanh, input);
    g.scope = {};
    return { product, tanh, output };
  };
  const [first, second] = [forward(x, 7)].flatMap((one) => [one, forward(one.output, 9)]) as [
    ReturnType<typeof forward>,
    ReturnType<typeof forward>,
  ];
  const loss = g.op("Square", second.output);
  g.scope = { backward: true };
  const backward = (dy: Value, tanh: Value): Value => g.op("AddV2", g.product("nt", g.op("TanhGrad", tanh, dy), w), dy);
  const grad = backward(backward(g.op("Mul", second.output, g.filled(2)), second.tanh), first.tanh);
  return {
    graph: g.returning(loss, grad),
    tanhs: [first.tanh, second.tanh],
    products: [first.product, second.product],
  };
}

const named = (graph: Graph, op: string): GraphNode[] => graph.nodes.filter((node) => node.op === op);

test("the backward pass uses copies, the forward pass what it used before", () => {
  const { graph, tanhs } = twoRegions();
  const after = recomputeRegions(graph);
  const originals = new Set(tanhs.map(({ node }) => node));
  for (const { inputs } of named(after, "TanhGrad")) expect(originals).not.toContain(inputs[0]?.node);
  expect(named(after, "Tanh")).toHaveLength(4);
  // The output of a region is kept: the additions are not repeated.
  expect(named(after, "AddV2")).toHaveLength(named(graph, "AddV2").length);
});

test("copies wait for the gradient that reaches their region", () => {
  const { graph, products } = twoRegions();
  const after = recomputeRegions(graph);
  const [second, first] = named(after, "MatMul").filter(
    ({ region, id }) => region !== undefined && !products.some(({ node }) => node === id),
  ) as [GraphNode, GraphNode];
  const [dLoss] = named(after, "Mul") as [GraphNode];
  const [secondGrad] = named(after, "TanhGrad") as [GraphNode];
  expect(second.after).toEqual([dLoss.id]);
  expect(first.after).toHaveLength(1);
  const trigger = after.nodes.find(({ id }) => id === first.after[0]) as GraphNode;
  expect(after.nodes.indexOf(trigger)).toBeGreaterThan(after.nodes.indexOf(secondGrad));
});

test.skipIf(!native)("the numbers stay, to the bit", () => {
  const { graph } = twoRegions();
  expect(evaluate(recomputeRegions(graph))).toEqual(evaluate(graph));
});

test("long products are kept, with their bias", () => {
  const g = new TestGraph();
  const [x, long, short] = [g.input(4, 256), g.input(256, 8), g.input(8, 8)];
  g.scope = { region: 3 };
  const kept = g.op("AddV2", g.product("nn", x, long), g.input(8));
  const again = g.op("Tanh", g.product("nn", g.op("Tanh", kept), short));
  const output = g.op("Neg", again);
  g.scope = {};
  const loss = g.op("Square", output);
  g.scope = { backward: true };
  const grad = g.op("TanhGrad", again, g.op("Mul", loss, g.filled(2)));
  const after = recomputeRegions(g.returning(loss, grad));
  const graph = g.returning(loss, grad);
  expect(named(after, "AddV2")).toEqual(named(graph, "AddV2"));
  expect(named(after, "MatMul")).toHaveLength(3); // the short one again
  const copy = named(after, "Tanh").find(
    ({ inputs: [input], after: [trigger] }) => input?.node === kept.node && trigger,
  );
  expect(copy?.after).toHaveLength(1);
});

test("attention over many tokens is kept, over few repeated", () => {
  const repeated = [256, 255].map((tokens) => {
    const g = new TestGraph();
    const x = g.input(1, tokens, 1, 4);
    g.scope = { region: 3 };
    const attention = g.op("ScratchCausalAttention", x, x, x);
    const output = g.op("Neg", attention);
    g.scope = {};
    const loss = g.op("Square", output);
    g.scope = { backward: true };
    const after = recomputeRegions(g.returning(loss, g.op("TanhGrad", attention, loss)));
    return named(after, "ScratchCausalAttention").length - 1;
  });
  expect(repeated).toEqual([0, 1]);
});

test("without regions nothing changes", () => {
  const g = new TestGraph();
  const tanh = g.op("Tanh", g.input(2));
  g.scope = { backward: true };
  const graph = g.returning(g.op("TanhGrad", tanh, g.input(2)));
  expect(recomputeRegions(graph)).toEqual(graph);
});
