import { KERNELS } from "@scratch-llm/nn";
import { useTestBackend } from "@test/backend.ts";
import { difference, expressions, TestGraph } from "@test/graph.ts";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { boolAttr, DataType, type Graph, typeAttr, type Value } from "../graph.ts";
import { absorbCasts } from "./absorb-casts.ts";
import { BIAS_KERNELS, fuseBias } from "./fuse-bias.ts";
import { fuseSoftmax } from "./fuse-softmax.ts";
import { removeDeadNodes } from "./remove-dead-nodes.ts";
import { useBfloat16 } from "./use-bfloat16.ts";

await useTestBackend("native");
const hasKernels = tf.getKernel(KERNELS.softmaxGrad, "tensorflow") !== undefined;

/** Applies a pass; where TensorFlow has the operations, the numbers must stay. */
function apply(pass: (graph: Graph) => Graph, graph: Graph, tolerance = 1e-6): string[] {
  const after = removeDeadNodes(pass(graph));
  expect(hasKernels ? difference(after, graph) : 0).toBeLessThan(tolerance);
  return expressions(after);
}

const FLOAT = typeAttr(DataType.float32);

function cast(g: TestGraph, value: Value, to: "float32" | "bfloat16"): Value {
  const { shape, dtype } = g.builder.spec(value);
  const attrs = { SrcT: typeAttr(dtype), DstT: typeAttr(DataType[to]), Truncate: boolAttr(false) };
  return g.builder.addOne({ op: "Cast", inputs: [value], attrs }, { shape, dtype: DataType[to] });
}

test("fuseSoftmax takes a mask in, and leaves other sums alone", () => {
  const g = new TestGraph();
  const masked = g.op("Softmax", g.op("AddV2", g.input(2, 3, 5, 21), g.input(5, 21)));
  const perBatch = g.op("Softmax", g.op("AddV2", g.input(2, 3, 4), g.input(2, 1, 4)));
  const plain = g.op("Softmax", g.input(3, 4));
  expect(apply(fuseSoftmax, g.returning(masked, perBatch, plain))).toEqual([
    "ScratchSoftmax(a, b)",
    "Softmax(AddV2(c, d))",
    "Softmax(e)",
  ]);
});

test("fuseBias with the kernels takes the bias of a product, and the sum over rows", () => {
  const g = new TestGraph();
  const added = g.op("AddV2", g.product("nt", g.input(3, 4), g.input(37, 4)), g.input(37));
  const other = g.op("AddV2", g.input(3, 5), g.input(5));
  const sum = g.ops("Sum", { keep_dims: false }, g.input(70, 37), g.builder.ints([0]))[0] as Value;
  const kept = g.ops("Sum", { keep_dims: true }, g.input(3, 4), g.builder.ints([0]))[0] as Value;
  expect(apply((graph) => fuseBias(graph, BIAS_KERNELS), g.returning(added, other, sum, kept), 1e-5)).toEqual([
    "ScratchAddBias(MatMul/transpose_b(a, b), c)",
    "AddV2(d, e)",
    "ScratchColumnSum(f)",
    "Sum/keep_dims(g, 0)",
  ]);
});

describe("absorbCasts", () => {
  const gelu = (g: TestGraph, x: Value): Value =>
    g.builder.addOne({ op: "ScratchGelu", inputs: [x], attrs: { T: FLOAT, U: FLOAT } }, g.builder.spec(x));

  test("lets an operation read what was widened and write what would be rounded", () => {
    const g = new TestGraph();
    const [a, b] = [g.input(5, 19), g.input(5, 19)].map((input) => cast(g, input, "bfloat16")) as [Value, Value];
    const types = { D: FLOAT, T: FLOAT, U: FLOAT };
    const inputs = [cast(g, a, "float32"), cast(g, b, "float32")];
    const grad = g.builder.addOne({ op: "ScratchSoftmaxGrad", inputs, attrs: types }, g.builder.spec(inputs[0]!));
    const rounded = cast(g, gelu(g, grad), "bfloat16");
    expect(apply(absorbCasts, g.returning(cast(g, rounded, "float32")))).toEqual([
      "Cast(ScratchGelu(ScratchSoftmaxGrad(Cast(a), Cast(b))))",
    ]);
  });

  test("keeps float32 where it is wanted", () => {
    const g = new TestGraph();
    const y = gelu(g, g.input(3, 4));
    const graph = g.returning(cast(g, cast(g, y, "bfloat16"), "float32"), g.op("Exp", y));
    expect(apply(absorbCasts, graph)).toEqual(["Cast(Cast(ScratchGelu(a)))", "Exp(ScratchGelu(a))"]);
    const fetched = new TestGraph();
    const result = gelu(fetched, fetched.input(3, 4));
    const both = fetched.returning(result, cast(fetched, cast(fetched, result, "bfloat16"), "float32"));
    expect(apply(absorbCasts, both)).toEqual(["ScratchGelu(a)", "Cast(Cast(ScratchGelu(a)))"]);
  });

  test("after useBfloat16 nothing between two products is wider than it must be", () => {
    const g = new TestGraph();
    const hidden = gelu(g, g.product("nt", g.input(4, 6), g.input(20, 6)));
    const graph = g.returning(g.product("nt", hidden, g.input(3, 20)));
    const bf16 = removeDeadNodes(useBfloat16(graph));
    const product = "MatMul/transpose_b";
    expect(apply(absorbCasts, bf16)).toEqual([`Cast(${product}(ScratchGelu(${product}(Cast(a), Cast(b))), Cast(c)))`]);
  });
});
