import { KERNELS } from "@scratch-llm/nn";
import { useTestBackend } from "@test/backend.ts";
import { causalMask, difference, evaluate, expressions, TestGraph } from "@test/graph.ts";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { type Graph, type GraphNode, type Value } from "../graph.ts";
import { fuseAttention } from "./fuse-attention.ts";
import { removeDeadNodes } from "./remove-dead-nodes.ts";

await useTestBackend("native");
const hasKernels = tf.getKernel(KERNELS.softmaxGrad, "tensorflow") !== undefined;

interface Sizes {
  readonly batch: number;
  readonly tokens: number;
  readonly heads: number;
  readonly width: number;
}

interface Recorded {
  readonly g: TestGraph;
  readonly scores: Value;
  readonly weights: Value;
  /** [batch, tokens, heads, width] */
  readonly context: Value;
  /** Of queries, keys and values. */
  readonly gradients: readonly Value[];
}

const SMALL: Sizes = { batch: 2, tokens: 5, heads: 3, width: 4 };

/** Attention as `MultiHeadAttention` records it, with its gradients. */
function attention({ batch, tokens, heads, width }: Sizes, options: Options = {}): Recorded {
  const { hasDropout = false, mask = causalMask } = options;
  const g = new TestGraph();
  const swap = (value: Value): Value => g.op("Transpose", value, g.builder.ints([0, 2, 1, 3]));
  const [queries, keys, values, dContext] = [0, 1, 2, 3].map(() =>
    swap(g.input(batch, tokens, heads, width)),
  ) as Vectors;
  const masks = g.input(batch, heads, tokens, tokens);
  const drop = (matrix: Value): Value =>
    hasDropout ? g.op("Mul", g.op("Mul", matrix, masks), g.filled(1.25)) : matrix;
  const scores = g.product("nt", queries, keys);
  const softmax = g.op("Softmax", g.op("AddV2", scores, mask(g, tokens)));
  const weights = drop(softmax);
  const context = swap(g.product("nn", weights, values));
  g.scope = { backward: true };
  const dScores = g.op("ScratchSoftmaxGrad", drop(g.product("nt", dContext, values)), softmax);
  const gradients = [
    g.product("nn", dScores, keys),
    g.product("tn", dScores, queries),
    g.product("tn", weights, dContext),
  ].map(swap);
  return { g, scores, weights, context, gradients };
}

type Vectors = [Value, Value, Value, Value];

interface Options {
  readonly hasDropout?: boolean;
  readonly mask?: (g: TestGraph, tokens: number) => Value;
}

const fused = (graph: Graph): Graph => removeDeadNodes(fuseAttention(graph));
const opsOf = ({ nodes }: Graph): string[] => nodes.map(({ op }) => op).filter((op) => op !== "Placeholder");

test("attention and its gradient become two operations, without transposes", () => {
  const { g, context, gradients } = attention(SMALL);
  const forward = "ScratchCausalAttention(a, b, c)";
  const backward = `(d, ${forward}, ${forward.replace("(", ":1(")}, a, b, c)`;
  expect(expressions(fused(g.returning(context, ...gradients)))).toEqual([
    forward,
    ...["", ":1", ":2"].map((output) => `ScratchCausalAttentionGrad${output}${backward}`),
  ]);
});

describe.runIf(hasKernels)("the numbers stay", () => {
  const sizes = [
    SMALL,
    { batch: 1, tokens: 1, heads: 1, width: 1 },
    { batch: 1, tokens: 37, heads: 2, width: 20 },
    { batch: 1, tokens: 64, heads: 2, width: 64 },
    { batch: 2, tokens: 131, heads: 1, width: 80 },
    { batch: 1, tokens: 300, heads: 1, width: 48 },
  ];
  test.each(sizes)("$batch × $tokens tokens, $heads × $width", (size) => {
    for (const hasDropout of [false, true]) {
      const { g, context, gradients } = attention(size, { hasDropout });
      const graph = g.returning(context, ...gradients);
      const after = fused(graph);
      expect(opsOf(after)).toContain("ScratchCausalAttentionGrad");
      expect(difference(after, graph)).toBeLessThan(2e-5);
    }
  });

  test("to the bit, when it is run again", () => {
    const { g, context, gradients } = attention({ batch: 2, tokens: 131, heads: 3, width: 16 });
    const graph = fused(g.returning(context, ...gradients));
    expect(evaluate(graph)).toEqual(evaluate(graph));
  });
});

test("takes dropout in", () => {
  const { g, context } = attention(SMALL, { hasDropout: true });
  const graph = fused(g.returning(context));
  expect(expressions(graph)).toEqual(["ScratchCausalAttention(a, b, c, d)"]);
  expect(nodeOf(graph, "ScratchCausalAttention").attrs["factor"]?.value).toBe(1.25);
});

test("only the gradients that are wanted hold the graph", () => {
  const { g, gradients } = attention(SMALL);
  expect(opsOf(fused(g.returning(gradients[1] as Value)))).toEqual(
    expect.arrayContaining(["ScratchCausalAttention", "ScratchCausalAttentionGrad"]),
  );
});

test("marks the gradient as one, for recomputation", () => {
  const { g, context, gradients } = attention(SMALL);
  const graph = fused(g.returning(context, ...gradients));
  expect(nodeOf(graph, "ScratchCausalAttentionGrad").backward).toBe(true);
  expect(nodeOf(graph, "ScratchCausalAttention").backward).toBeUndefined();
});

describe("leaves alone", () => {
  const withoutHeads = (): Graph => {
    const g = new TestGraph();
    const [queries, keys, values] = [g.input(2, 5, 4), g.input(2, 5, 4), g.input(2, 5, 4)];
    const scores = g.op("AddV2", g.product("nt", queries, keys), causalMask(g, 5));
    return g.returning(g.product("nn", g.op("Softmax", scores), values));
  };
  const returning = (results: (recorded: Recorded) => readonly Value[], options?: Options): Graph => {
    const recorded = attention(SMALL, options);
    return recorded.g.returning(recorded.context, ...results(recorded));
  };

  test.each([
    ["another mask", returning(() => [], { mask: (g, tokens) => g.input(tokens, tokens) })],
    ["weights that somebody sees", returning(({ weights }) => [weights])],
    ["scores that are used otherwise", returning(({ g, scores }) => [g.op("Exp", scores)])],
    ["attention without heads", withoutHeads()],
  ])("%s", (_, graph) => {
    expect(opsOf(fused(graph)).toSorted()).toEqual(opsOf(removeDeadNodes(graph)).toSorted());
  });
});

function nodeOf({ nodes }: Graph, op: string): GraphNode {
  return nodes.find((node) => node.op === op) as GraphNode;
}
