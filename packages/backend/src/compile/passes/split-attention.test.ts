import { useTestBackend } from "@test/backend.ts";
import { causalMask, evaluate, TestGraph } from "@test/graph.ts";
import { expect, test } from "vitest";
import type { Graph, Value } from "../graph.ts";
import { removeDeadNodes } from "./remove-dead-nodes.ts";
import { splitAttention } from "./split-attention.ts";

const native = await useTestBackend("native");

const TOKENS = 7;
const ROWS = 3;
const HEADS = [2, 3] as const;

interface Attention {
  readonly g: TestGraph;
  readonly weights: Value;
  /** Context vectors; gradients of queries, keys and values. */
  readonly results: Value[];
}

/** Attention with dropout and its gradients, as they are recorded. */
function attention({ mask = causalMask }: { mask?: (g: TestGraph, tokens: number) => Value } = {}): Attention {
  const g = new TestGraph();
  const vectors = (): Value => g.input(...HEADS, TOKENS, 4);
  const [queries, keys, values, dy] = [vectors(), vectors(), vectors(), vectors()];
  const dropout = g.input(...HEADS, TOKENS, TOKENS);
  const weights = g.op("Softmax", g.op("AddV2", g.product("nt", queries, keys), mask(g, TOKENS)));
  const dropped = g.op("Mul", weights, dropout);
  const dWeights = g.op("Mul", g.product("nt", dy, values), dropout);
  const [sum] = g.ops("Sum", { keep_dims: true }, g.op("Mul", dWeights, weights), g.builder.ints([3])) as [Value];
  const dScores = g.op("Mul", g.op("Sub", dWeights, sum), weights);
  const results = [
    g.product("nn", dropped, values),
    g.product("nn", dScores, keys),
    g.product("tn", dScores, queries),
    g.product("tn", dropped, dy),
  ];
  return { g, weights, results };
}

const split = (graph: Graph): Graph => removeDeadNodes(splitAttention(graph, { rows: ROWS, minTokens: TOKENS }));

/** Numbers of keys of all softmaxes, in order. */
function widths(graph: Graph): number[] {
  return graph.nodes.filter(({ op }) => op === "Softmax").map(({ outputs }) => outputs[0]?.shape.at(-1) as number);
}

test("a part of the queries sees no keys behind its last one", () => {
  const { g, results } = attention();
  const after = split(g.returning(...results));
  expect(widths(after)).toEqual([3, 6, 7]);
  const products = after.nodes.filter(({ op }) => op === "BatchMatMulV2");
  expect(products).toHaveLength(6 * 3);
  expect(products.filter(({ outputs }) => outputs[0]?.shape.join() === "2,3,7,7")).toEqual([]);
});

test.skipIf(!native)("the numbers stay", () => {
  const { g, results } = attention();
  const graph = g.returning(...results);
  const [before, after] = [evaluate(graph), evaluate(split(graph))];
  for (const [i, values] of before.entries()) {
    expect(after[i]).toHaveLength(values.length);
    expect(Math.max(...values.map((value, k) => Math.abs(value - (after[i]?.[k] as number))))).toBeLessThan(1e-6);
  }
});

test("what waits for a member waits for all its parts", () => {
  const { g, weights, results } = attention();
  const waiting = g.builder.addEffect({ op: "NoOp", after: [weights.node] });
  const after = split({ ...g.returning(...results), effects: [waiting] });
  const softmaxes = after.nodes.filter(({ op }) => op === "Softmax").map(({ id }) => id);
  expect(after.nodes.find(({ id }) => id === waiting)?.after.toSorted()).toEqual(softmaxes.toSorted());
});

test.each<[string, () => Graph]>([
  [
    "whose weights are wanted",
    () => {
      const { g, weights, results } = attention();
      return g.returning(...results, weights);
    },
  ],
  [
    "whose weights are used otherwise",
    () => {
      const { g, weights, results } = attention();
      return g.returning(...results, g.op("Exp", weights));
    },
  ],
  [
    "that sees the future",
    () => {
      const { g, results } = attention({ mask: (g) => g.input(TOKENS, TOKENS) });
      return g.returning(...results);
    },
  ],
  [
    "whose scores go into a product unmasked",
    () => {
      const { g, weights, results } = attention();
      const scores = g.builder.node(g.builder.node(weights).inputs[0] as Value).inputs[0] as Value;
      return g.returning(...results, g.product("nn", scores, g.input(...HEADS, TOKENS, 4)));
    },
  ],
])("attention %s is left as it is", (_, build) => {
  const graph = build();
  expect(splitAttention(graph, { rows: ROWS, minTokens: TOKENS })).toBe(graph);
});

test("so is attention to few tokens", () => {
  const { g, results } = attention();
  const graph = g.returning(...results);
  expect(splitAttention(graph, { rows: ROWS, minTokens: TOKENS + 1 })).toBe(graph);
});
