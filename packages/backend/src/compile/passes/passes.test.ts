import { useTestBackend } from "@test/backend.ts";
import { difference, expressions, TestGraph } from "@test/graph.ts";
import { expect, test } from "vitest";
import { DataType, type Graph, typeAttr, type Value } from "../graph.ts";
import { delayWidening } from "./delay-widening.ts";
import { fillConstants } from "./fill-constants.ts";
import { fuseBias } from "./fuse-bias.ts";
import { fuseNorm } from "./fuse-norm.ts";
import { lowerMatMul } from "./lower-mat-mul.ts";
import { moveScales } from "./move-scales.ts";
import { removeDeadNodes } from "./remove-dead-nodes.ts";
import { shareCommon } from "./share-common.ts";
import { useBfloat16 } from "./use-bfloat16.ts";

const native = await useTestBackend("native");

/** Applies a pass; where TensorFlow is there, the numbers must stay. */
function apply(pass: (graph: Graph) => Graph, graph: Graph, tolerance = 1e-6): string[] {
  const after = removeDeadNodes(pass(graph));
  expect(native ? difference(after, graph) : 0).toBeLessThan(tolerance);
  return expressions(after);
}

test("removeDeadNodes keeps what results and effects need, also by order", () => {
  const g = new TestGraph();
  const [a, b] = [g.input(2), g.input(2)];
  g.op("Exp", b);
  const { handle } = g.variable(2);
  const log = g.op("Log", a);
  const effect = g.builder.addEffect({ op: "AssignVariableOp", inputs: [handle, a], after: [log.node] });
  const graph = removeDeadNodes({ ...g.returning(), effects: [effect] });
  expect(graph.nodes.map(({ op }) => op)).toEqual(["Placeholder", "VarHandleOp", "Log", "AssignVariableOp"]);
});

test("lowerMatMul turns batch products of matrices into MatMul, and leaves batches", () => {
  const g = new TestGraph();
  const flags = { adj_x: false, adj_y: true };
  const [matrix] = g.ops("BatchMatMulV2", flags, g.input(2, 3), g.input(4, 3)) as [Value];
  const [batch] = g.ops("BatchMatMulV2", flags, g.input(5, 2, 3), g.input(5, 4, 3)) as [Value];
  expect(apply(lowerMatMul, g.returning(matrix, batch))).toEqual([
    "MatMul/transpose_b(a, b)",
    "BatchMatMulV2/adj_y(c, d)",
  ]);
});

test("shareCommon computes alike things once, but not what is asked of the outside", () => {
  const g = new TestGraph();
  const a = g.input(2, 3);
  const graph = g.returning(g.op("Mul", g.op("Exp", a), g.op("Exp", a)), g.op("Exp", g.input(2, 3)));
  const shared = shareCommon(graph);
  expect(shared.nodes.filter(({ op }) => op === "Exp")).toHaveLength(2);
  expect(apply(shareCommon, graph)).toEqual(["Mul(Exp(a), Exp(a))", "Exp(b)"]);
});

test("fuseBias: a vector added to a product, and a sum over rows", () => {
  const g = new TestGraph();
  const product = g.product("nt", g.input(5, 3), g.input(4, 3));
  const biased = g.op("AddV2", product, g.input(4));
  const grad = g.op("Sum", g.input(5, 4), g.builder.ints([0]));
  const other = g.op("Sum", g.input(5, 4), g.builder.ints([1]));
  expect(apply(fuseBias, g.returning(biased, grad, other))).toEqual([
    "BiasAdd(MatMul/transpose_b(a, b), c)",
    "BiasAddGrad(d)",
    "Sum(e, 1)",
  ]);
});

test("fuseBias leaves a matrix that is added, and a vector that is added to something else", () => {
  const g = new TestGraph();
  const a = g.input(3, 3);
  const graph = g.returning(g.op("AddV2", g.product("nn", a, a), a), g.op("AddV2", a, g.input(3)));
  expect(apply(fuseBias, graph)).toEqual(["AddV2(MatMul(a, a), a)", "AddV2(a, b)"]);
});

test("fuseNorm: the sum of all squares makes no tensor of squares", () => {
  const g = new TestGraph();
  const a = g.input(3, 4);
  const all = g.op("Sum", g.op("Square", a), g.builder.ints([0, 1]));
  const rows = g.op("Sum", g.op("Square", a), g.builder.ints([1]));
  expect(apply(fuseNorm, g.returning(all, rows), 1e-5)).toEqual(["Mul(L2Loss(a), 2)", "Sum(Square(a), 1)"]);
});

test("moveScales moves a factor per row out of the large matrix, to either side", () => {
  const g = new TestGraph();
  const [large, factor, weight, hidden] = [g.input(6, 50), g.input(6, 1), g.input(50, 4), g.input(6, 4)];
  const scaled = g.op("Mul", large, factor);
  const graph = g.returning(g.product("nn", scaled, weight), g.product("tn", scaled, hidden));
  expect(apply(moveScales, graph, 1e-5)).toEqual(["Mul(MatMul(a, c), b)", "MatMul/transpose_a(a, Mul(d, b))"]);
});

test("moveScales moves a single factor too, but nothing that is used elsewhere or would not shrink", () => {
  const g = new TestGraph();
  const [large, weight] = [g.input(6, 50), g.input(50, 4)];
  const single = g.returning(g.product("nn", g.op("Mul", large, g.filled(0.5)), weight));
  expect(apply(moveScales, single, 1e-5)).toEqual(["Mul(MatMul(a, b), 0.5)"]);

  const fetched = g.op("Mul", large, g.input(6, 1));
  expect(apply(moveScales, g.returning(fetched, g.product("nn", fetched, weight)))[1]).toBe("MatMul(Mul(a, c), b)");
  const grows = g.product("nn", g.op("Mul", g.input(6, 4), g.input(6, 1)), g.input(4, 50));
  expect(apply(moveScales, g.returning(grows))).toEqual(["MatMul(Mul(a, b), c)"]);
});

const BF16_CAST = /Cast\(/g;

test("useBfloat16 rounds the operands of products, each once, and widens their results", () => {
  const g = new TestGraph();
  const [a, b] = [g.input(3, 3), g.input(3, 3)];
  const graph = g.returning(g.product("nn", a, b), g.product("nt", b, a), g.op("Exp", a));
  const narrow = useBfloat16(graph);
  expect(apply(useBfloat16, graph, 0.05)).toEqual([
    "Cast(MatMul(Cast(a), Cast(b)))",
    "Cast(MatMul/transpose_b(Cast(b), Cast(a)))",
    "Exp(a)",
  ]);
  expect(narrow.nodes.filter(({ op }) => op === "Cast")).toHaveLength(4);
  const products = narrow.nodes.filter(({ op }) => op === "MatMul");
  expect(products.map(({ attrs }) => attrs["T"])).toEqual([typeAttr(DataType.bfloat16), typeAttr(DataType.bfloat16)]);
});

test("delayWidening keeps what goes from product to product narrow", () => {
  const g = new TestGraph();
  const first = g.product("nn", g.input(4, 3), g.input(3, 6));
  const heads = g.op("Transpose", g.op("Reshape", first, g.builder.ints([2, 2, 6])), g.builder.ints([1, 0, 2]));
  const graph = useBfloat16(g.returning(g.product("nt", heads, heads)));
  const [text] = apply(delayWidening, graph, 0.05) as [string];
  expect(text).toBe(
    "Cast(BatchMatMulV2/adj_y(Transpose(Reshape(MatMul(Cast(a), Cast(b)), [2,2,6]), [1,0,2]), " +
      "Transpose(Reshape(MatMul(Cast(a), Cast(b)), [2,2,6]), [1,0,2])))",
  );
  expect(expressions(graph)[0]?.match(BF16_CAST)?.length).toBeGreaterThan(text.match(BF16_CAST)?.length ?? 0);
});

test("fillConstants makes large constants when they are needed, and keeps small ones", () => {
  const g = new TestGraph();
  const graph = g.returning(
    g.op("Mul", g.input(100, 100), g.filled(3, 100, 100)),
    g.op("Mul", g.input(2), g.filled(3, 2)),
  );
  expect(apply(fillConstants, graph)).toEqual(["Mul(a, Fill(100, 3))", "Mul(b, 3)"]);
});
