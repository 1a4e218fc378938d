import { expressions, TestGraph } from "@test/graph.ts";
import { expect, test } from "vitest";
import { DataType, type Graph, type Value } from "../graph.ts";
import { simplify } from "./simplify.ts";

function simplified(build: (g: TestGraph) => Value): string {
  const g = new TestGraph();
  return expressions(simplify(g.returning(build(g))))[0] as string;
}

test("a reshape to the same shape goes, and two become one", () => {
  expect(simplified((g) => g.op("Reshape", g.input(2, 3), g.builder.ints([2, 3])))).toBe("a");
  const twice = (g: TestGraph): Value =>
    g.op("Reshape", g.op("Reshape", g.input(2, 3), g.builder.ints([6])), g.builder.ints([3, 2]));
  expect(simplified(twice)).toBe("Reshape(a, [3,2])");
});

test("neutral operands go", () => {
  expect(simplified((g) => g.op("Mul", g.input(2, 3), g.filled(1, 2, 3)))).toBe("a");
  expect(simplified((g) => g.op("AddV2", g.filled(0), g.input(2)))).toBe("a");
  expect(simplified((g) => g.op("Sub", g.input(2), g.filled(0, 1)))).toBe("a");
  expect(simplified((g) => g.op("RealDiv", g.input(2), g.filled(1)))).toBe("a");
});

test("but not where they are no neutral ones", () => {
  expect(simplified((g) => g.op("Sub", g.filled(0), g.input(2)))).toBe("Sub(0, a)");
  expect(simplified((g) => g.op("RealDiv", g.filled(1), g.input(2)))).toBe("RealDiv(1, a)");
});

test("a neutral operand that stretches the other one leaves the stretching to the user", () => {
  const stretched = (g: TestGraph): Value => g.op("Mul", g.input(2, 1), g.filled(1, 2, 3));
  expect(simplified(stretched)).toBe("BroadcastTo(a, [2,3])");
  expect(simplified((g) => g.op("Mul", g.input(2, 3), g.op("Mul", g.input(2, 1), g.filled(1, 2, 3))))).toBe(
    "Mul(a, b)",
  );
  const alone = (g: TestGraph): Value => g.op("Mul", g.input(2, 1), g.op("Mul", g.input(2, 1), g.filled(1, 2, 3)));
  expect(simplified(alone)).toBe("Mul(a, BroadcastTo(b, [2,3]))");
});

test("arithmetic on constants is done, in float32", () => {
  expect(simplified((g) => g.op("Mul", g.filled(3), g.filled(0.1)))).toBe(String(Math.fround(3 * Math.fround(0.1))));
  expect(simplified((g) => g.op("Sum", g.filled(0.5, 4, 2), g.builder.ints([0])))).toBe("2");
});

test("constants of one value hold one element, whatever their shape", () => {
  const g = new TestGraph();
  const zeros = g.op("ZerosLike", g.input(1000, 1000));
  const graph = simplify(g.returning(g.op("Exp", zeros)));
  const constant = graph.nodes.find(({ op }) => op === "Const");
  expect(constant?.outputs).toEqual([{ shape: [1000, 1000], dtype: DataType.float32 }]);
  expect(constant?.attrs["value"]?.value).toEqual(Float32Array.of(0));
});

test("the given graph is left as it was", () => {
  const g = new TestGraph();
  const graph = g.returning(g.op("Mul", g.input(2), g.filled(1)));
  const copy: Graph = structuredClone(graph);
  simplify(graph);
  expect(graph).toEqual(copy);
});
