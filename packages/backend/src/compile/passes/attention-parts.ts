import { uniformOf } from "../graph-builder.ts";
import { type GraphNode, isSet, sameShape, sameValue, type Value } from "../graph.ts";
import type { GraphIndex } from "../rewrite.ts";
import type { CausalAttention } from "./find-attention.ts";

/** What attention is made of. Queries, keys, values, the context and their gradients are [batch, heads, tokens, width]. */
export interface AttentionParts {
  readonly queries: Value;
  readonly keys: Value;
  readonly values: Value;
  readonly dropout: AttentionDropout;
  /** The product of weights and values, if it is wanted. */
  readonly context: GraphNode | undefined;
  readonly gradient: AttentionGradient | undefined;
}

/** What the weights are multiplied with. */
interface AttentionDropout {
  /** [batch, heads, tokens, tokens]; at most one. */
  readonly masks: readonly Value[];
  readonly factor: number;
}

export interface AttentionGradient {
  readonly context: Value;
  /** The products that are the other gradients, as far as they are wanted. */
  readonly queries: GraphNode | undefined;
  readonly keys: GraphNode | undefined;
  readonly values: GraphNode | undefined;
}

/** A matrix of weights, or its gradient, times the factors of dropout. */
interface Dropped {
  readonly nodes: readonly GraphNode[];
  readonly factors: readonly Value[];
  readonly result: GraphNode;
}

/** The parts of attention with several heads, if it has these and no others. */
export function partsOf(attention: CausalAttention, index: GraphIndex): AttentionParts | undefined {
  const { shape, members, products } = attention;
  const productOf = (left: GraphNode, isTransposed: boolean): GraphNode | undefined =>
    products.find((node) => node.inputs[0]?.node === left.id && isSet(node, "adj_x") === isTransposed);
  const softmax = members.find(({ op }) => op === "Softmax") as GraphNode;
  const [sum] = index.inputsOf(softmax) as [GraphNode];
  const scores = index.inputsOf(sum).find((node) => members.includes(node) && node.op === "BatchMatMulV2");
  if (!scores || shape.length !== 4) return undefined;
  const weights = dropped(softmax, attention, index);
  const context = productOf(weights.result, false);

  const weightsGrad = members.find((node) => node.op === "BatchMatMulV2" && node !== scores);
  const kept = weightsGrad && dropped(weightsGrad, attention, index);
  const scoresGrad = kept && members.find((node) => isSoftmaxGrad(node, kept.result, softmax));
  const gradient = scoresGrad && {
    context: weightsGrad.inputs[0] as Value,
    queries: productOf(scoresGrad, false),
    keys: productOf(scoresGrad, true),
    values: productOf(weights.result, true),
  };

  const [queries, keys] = scores.inputs as [Value, Value];
  const values = (context ?? weightsGrad)?.inputs[1];
  const dropout = dropoutOf(weights, kept, { shape, index });
  const expected: readonly (readonly [GraphNode | undefined, Value | undefined])[] = [
    [weightsGrad, values],
    [gradient?.queries, keys],
    [gradient?.keys, queries],
    [gradient?.values, gradient?.context],
  ];
  const isUsual = expected.every(([node, right]) => !node || (right && sameValue(node.inputs[1] as Value, right)));
  const found = [softmax, sum, scores, ...weights.nodes, weightsGrad, ...(kept?.nodes ?? []), scoresGrad];
  const known = new Set([...found, context, gradient?.queries, gradient?.keys, gradient?.values]);
  const isAll = [...members, ...products].every((node) => known.has(node));
  const isEven = [keys, values].every((one) => one && sameShape(index.spec(one).shape, index.spec(queries).shape));
  if (!dropout || !values || !isUsual || !isAll || !isEven) return undefined;
  return { queries, keys, values, dropout, context, gradient };
}

function isSoftmaxGrad({ op, inputs }: GraphNode, grad: GraphNode, softmax: GraphNode): boolean {
  return op === "ScratchSoftmaxGrad" && inputs[0]?.node === grad.id && inputs[1]?.node === softmax.id;
}

/** Follows a matrix through the products with other values, element by element, that alone use it. */
function dropped(matrix: GraphNode, { members }: CausalAttention, index: GraphIndex): Dropped {
  const nodes: GraphNode[] = [];
  const factors: Value[] = [];
  let result = matrix;
  for (;;) {
    const next = index.usersOf(result).find(({ op, inputs: [first] }) => op === "Mul" && first?.node === result.id);
    if (!next || !members.includes(next)) return { nodes, factors, result };
    nodes.push(next);
    factors.push(next.inputs[1] as Value);
    result = next;
  }
}

/** The dropout of the weights, if that of their gradient is the same. */
function dropoutOf(
  weights: Dropped,
  grad: Dropped | undefined,
  { shape, index }: { shape: readonly number[]; index: GraphIndex },
): AttentionDropout | undefined {
  const { factors } = weights;
  const isSame =
    !grad || (grad.factors.length === factors.length && grad.factors.every((one, i) => sameValue(one, factors[i]!)));
  const numbers = factors.map((factor) => uniformOf(index.node(factor)));
  const masks = factors.filter((_, i) => numbers[i] === undefined);
  const isPlain = masks.length <= 1 && masks.every((mask) => sameShape(index.spec(mask).shape, shape));
  const factor = numbers.reduce<number>((product, number) => product * (number ?? 1), 1);
  return isSame && isPlain ? { masks, factor } : undefined;
}
