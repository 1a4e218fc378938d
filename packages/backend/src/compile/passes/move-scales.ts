import type { GraphBuilder } from "../graph-builder.ts";
import { elementCount, type Graph, type GraphNode, isSet, type TensorSpec, type Value } from "../graph.ts";
import { nodesById, rewrite, usersOf } from "../rewrite.ts";

/**
 * Moves factors from a large matrix to a small one. Where `M · f`, f a number per row or one for all, is only multiplied with
 * other matrices, `(M · f) B = (M B) · f` and `(M · f)ᵀ B = Mᵀ (B · f)`: the gradient of cross-entropy scales the small
 * products instead of the [tokens, vocabulary] matrix.
 */
export function moveScales(graph: Graph): Graph {
  const users = usersOf(graph);
  const byId = nodesById(graph);
  const fetched = new Set(graph.results.map((result) => result.node));
  const isMovable = (node: GraphNode): boolean => {
    const [spec] = node.outputs;
    const uses = users.get(node.id) ?? [];
    if (node.op !== "Mul" || spec?.shape.length !== 2 || fetched.has(node.id)) return false;
    return uses.length > 0 && uses.every((use) => scalesLess(use, node, byId));
  };
  const movable = new Set(graph.nodes.filter(isMovable).map((node) => node.id));
  return rewrite(graph, (node, builder) => (node.op === "MatMul" ? scaleOutside(node, builder, movable) : undefined));
}

/** Whether the product has the scaled matrix on its left, and scaling on the other side of it costs less. */
function scalesLess(product: GraphNode, scaled: GraphNode, byId: ReadonlyMap<number, GraphNode>): boolean {
  const [left, right] = product.inputs;
  if (product.op !== "MatMul" || left?.node !== scaled.id || right?.node === scaled.id || !right) return false;
  const size = (spec: TensorSpec | undefined): number => elementCount(spec?.shape ?? []);
  const other = isSet(product, "transpose_a") ? byId.get(right.node)?.outputs[right.output] : product.outputs[0];
  const fits = !(isSet(product, "transpose_a") && isSet(product, "transpose_b"));
  return fits && size(other) < size(scaled.outputs[0]);
}

function scaleOutside(product: GraphNode, builder: GraphBuilder, movable: ReadonlySet<number>): Value[] | undefined {
  const [left, right] = product.inputs as [Value, Value];
  const scale = movable.has(left.node) ? builder.node(left) : undefined;
  const parts = scale && splitScale(scale, builder);
  if (!(scale && parts)) return undefined;
  const { matrix, factor } = parts;
  const multiply = (value: Value): Value => builder.addOne({ ...scale, inputs: [value, factor] }, builder.spec(value));
  if (isSet(product, "transpose_a")) return builder.add({ ...product, inputs: [matrix, multiply(right)] });
  const [unscaled] = builder.add({ ...product, inputs: [matrix, right] });
  return [multiply(unscaled as Value)];
}

/** The matrix, and the factor per row or for all. */
function splitScale(scale: GraphNode, builder: GraphBuilder): { matrix: Value; factor: Value } | undefined {
  const rows = scale.outputs[0]?.shape[0];
  const isFactor = (value: Value): boolean => {
    const { shape } = builder.spec(value);
    return (
      shape.length === 0 || (shape.length === 2 && shape[0] === rows && shape[1] === 1) || elementCount(shape) === 1
    );
  };
  const [a, b] = scale.inputs as [Value, Value];
  if (isFactor(b)) return { matrix: a, factor: b };
  return isFactor(a) ? { matrix: b, factor: a } : undefined;
}
