import { useTestBackend } from "@test/backend.ts";
import { evaluate, TestGraph } from "@test/graph.ts";
import { expect, test } from "vitest";
import { elementCount, type Graph, type Value } from "../graph.ts";
import { chunkLoss } from "./chunk-loss.ts";
import { removeDeadNodes } from "./remove-dead-nodes.ts";

const native = await useTestBackend("native");

const ROWS = 300;
const VOCABULARY = 8;
/** 128 rows of logits. */
const PART_BYTES = 4 * VOCABULARY * 128;

interface LossGraph {
  readonly g: TestGraph;
  readonly logits: Value;
  readonly loss: Value;
  readonly hiddenGrad: Value;
  readonly weightGrad: Value;
}

/** A loss over `hidden · weightᵀ` with its gradients, as nn's cross-entropy is recorded. */
function lossGraph(): LossGraph {
  const g = new TestGraph();
  const [hidden, weight, labels, factor] = [g.input(ROWS, 4), g.input(VOCABULARY, 4), g.labels(ROWS), g.input(ROWS, 1)];
  const logits = g.product("nt", hidden, weight);
  const [loss, dlogits] = g.ops("SparseSoftmaxCrossEntropyWithLogits", {}, logits, labels) as [Value, Value];
  const scaled = g.op("Mul", dlogits, factor);
  return { g, logits, loss, hiddenGrad: g.product("nn", scaled, weight), weightGrad: g.product("tn", scaled, hidden) };
}

function chunked(graph: Graph): Graph {
  return removeDeadNodes(chunkLoss(removeDeadNodes(graph), PART_BYTES));
}

/** Rows of the logits in the graph. */
function logitRows(graph: Graph): number[] {
  const entropies = graph.nodes.filter(({ op }) => op === "SparseSoftmaxCrossEntropyWithLogits");
  return entropies.map(({ outputs }) => outputs[1]?.shape[0] as number);
}

test("loss and gradients are made part by part, and the logits never exist whole", () => {
  const { g, loss, hiddenGrad, weightGrad } = lossGraph();
  const graph = chunked(g.returning(loss, hiddenGrad, weightGrad));
  expect(logitRows(graph)).toEqual([128, 128, 44]);
  const largest = Math.max(...graph.nodes.flatMap(({ outputs }) => outputs.map(({ shape }) => elementCount(shape))));
  expect(largest).toBe(ROWS * 4);
});

test("a part waits for the gradients of the one before", () => {
  const { g, loss, hiddenGrad, weightGrad } = lossGraph();
  const { nodes } = chunked(g.returning(loss, hiddenGrad, weightGrad));
  const entropies = nodes.filter(({ op }) => op === "SparseSoftmaxCrossEntropyWithLogits");
  const [first, ...others] = entropies.map(({ inputs }) => nodes.find(({ id }) => id === inputs[0]?.node));
  expect(first?.after).toEqual([]);
  for (const product of others) {
    const waitsFor = product?.after.map((id) => nodes.find((node) => node.id === id)?.outputs[0]?.shape);
    expect(waitsFor).toEqual([
      [128, 4],
      [VOCABULARY, 4],
    ]);
  }
});

test.skipIf(!native)("the numbers stay", () => {
  const { g, loss, hiddenGrad, weightGrad } = lossGraph();
  const graph = g.returning(loss, hiddenGrad, weightGrad);
  const expected = evaluate(graph);
  const actual = evaluate(chunked(graph));
  expect(actual[0]).toEqual(expected[0]);
  const difference = actual.flatMap((values, i) =>
    [...values].map((value, at) => value - (expected[i]?.[at] as number)),
  );
  expect(Math.max(...difference.map(Math.abs))).toBeLessThan(1e-4);
});

test("an evaluation, or a frozen side, is made in parts too", () => {
  const { g, loss, hiddenGrad } = lossGraph();
  expect(logitRows(chunked(g.returning(loss)))).toEqual([128, 128, 44]);
  expect(logitRows(chunked(g.returning(loss, hiddenGrad)))).toEqual([128, 128, 44]);
});

test("logits that are wanted, few rows, and a gradient that is used otherwise stay whole", () => {
  const { g, loss, logits, hiddenGrad, weightGrad } = lossGraph();
  expect(logitRows(chunked(g.returning(loss, logits)))).toEqual([ROWS]);
  expect(logitRows(removeDeadNodes(chunkLoss(removeDeadNodes(g.returning(loss)))))).toEqual([ROWS]);
  const [, dlogits] = [loss, { node: loss.node, output: 1 }];
  expect(logitRows(chunked(g.returning(loss, hiddenGrad, weightGrad, g.op("Exp", dlogits))))).toEqual([ROWS]);
});

test("a gradient that depends on the loss itself stays whole: the parts would wait for each other", () => {
  const { g, loss } = lossGraph();
  const factor = g.op("Reshape", loss, g.builder.ints([ROWS, 1]));
  const scaled = g.op("Mul", { node: loss.node, output: 1 }, factor);
  const weight = { node: 1, output: 0 };
  expect(logitRows(chunked(g.returning(loss, g.product("nn", scaled, weight))))).toEqual([ROWS]);
});
