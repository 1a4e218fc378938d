import { elementsOf, uniformOf } from "../graph-builder.ts";
import { type Graph, type GraphNode, isSet, isSum, sameShape, type Value } from "../graph.ts";
import { GraphIndex } from "../rewrite.ts";

/** Causal attention: whatever is as large as its scores, [..., t, t], forward and backward. */
export interface CausalAttention {
  /** Of the scores. */
  readonly shape: readonly number[];
  /** Everything [..., t, t], and sums over its rows [..., t, 1], in order. */
  readonly members: readonly GraphNode[];
  /** Products with a member on their left side. */
  readonly products: readonly GraphNode[];
}

const ELEMENTWISE: ReadonlySet<string> = new Set(["Add", "AddV2", "Sub", "Mul"]);
/** Of kernels.cc: inputs dy and the softmax. */
const SOFTMAX_GRAD = "ScratchSoftmaxGrad";
/** A mask of less would leave something of the future. */
const MIN_MASK = 1e6;

/** All causal attention over at least so many tokens, none of whose [..., t, t] is used but in ways that can be split. */
export function findAttention(graph: Graph, minTokens: number): CausalAttention[] {
  return new AttentionFinder(graph).find(minTokens);
}

class AttentionFinder {
  readonly #index: GraphIndex;

  constructor(graph: Graph) {
    this.#index = new GraphIndex(graph);
  }

  find(minTokens: number): CausalAttention[] {
    const seen = new Set<GraphNode>();
    return this.#index.graph.nodes.flatMap((node) => {
      const shape = shapeOf(node);
      const isLong = shape.length > 2 && shape.at(-1) === shape.at(-2) && (shape.at(-1) as number) >= minTokens;
      if (node.op !== "Softmax" || !isLong || seen.has(node)) return [];
      const members = this.#connected(node, shape);
      for (const member of members) seen.add(member);
      const products = this.#productsOf(members);
      const ordered = this.#index.graph.nodes.filter((one) => members.has(one));
      return products && ordered.every((one) => this.#canBeSplit(one, members))
        ? [{ shape, members: ordered, products }]
        : [];
    });
  }

  /** Nodes of this shape, and sums over their rows, as far as they touch. */
  #connected(start: GraphNode, shape: readonly number[]): Set<GraphNode> {
    const members = new Set([start]);
    for (const member of members) {
      const neighbours = [...this.#index.inputsOf(member), ...this.#index.usersOf(member)];
      for (const node of neighbours) if (this.#isMember(node, shape)) members.add(node);
    }
    return members;
  }

  #isMember(node: GraphNode, shape: readonly number[]): boolean {
    const [input] = node.inputs;
    if (node.op === "Sum" && input) return sameShape(this.#index.spec(input).shape, shape) && this.#isOverRows(node);
    if (!sameShape(shapeOf(node), shape)) return false;
    const isScores = node.op === "BatchMatMulV2" && !isSet(node, "adj_x") && isSet(node, "adj_y");
    return isScores || node.op === "Softmax" || node.op === SOFTMAX_GRAD || ELEMENTWISE.has(node.op);
  }

  #isOverRows(sum: GraphNode): boolean {
    const [input, positions] = sum.inputs as [Value, Value];
    const axes = elementsOf(this.#index.node(positions));
    const last = this.#index.spec(input).shape.length - 1;
    return isSet(sum, "keep_dims") && axes?.length === 1 && (axes[0] === last || axes[0] === -1);
  }

  /** What uses the members from outside, if it is nothing but products. */
  #productsOf(members: ReadonlySet<GraphNode>): GraphNode[] | undefined {
    const fetched = new Set(this.#index.graph.results.map(({ node }) => node));
    if ([...members].some(({ id }) => fetched.has(id))) return undefined;
    const outside = [...members].flatMap((member) => this.#index.usersOf(member).filter((user) => !members.has(user)));
    const isProduct = (node: GraphNode): boolean => {
      const [left, right] = this.#index.inputsOf(node);
      const isPlain = node.op === "BatchMatMulV2" && !isSet(node, "adj_y");
      const hasSides = left !== undefined && right !== undefined && members.has(left) && !members.has(right);
      return isPlain && hasSides && this.#vanishes(left) && shapeOf(left).length === shapeOf(right).length;
    };
    return outside.every(isProduct) ? [...new Set(outside)] : undefined;
  }

  /** Whether a part of its rows needs nothing but the same rows of other members, without the future. */
  #canBeSplit(node: GraphNode, members: ReadonlySet<GraphNode>): boolean {
    const [first] = this.#index.inputsOf(node);
    if (node.op === "Softmax") return first !== undefined && this.#isMasked(first);
    if (node.op === "Sum") return first !== undefined && this.#vanishes(first);
    return node.op !== "BatchMatMulV2" || !this.#index.inputsOf(node).some((input) => members.has(input));
  }

  /** Whether the future is 0. */
  #vanishes(node: GraphNode): boolean {
    const inputs = this.#index.inputsOf(node);
    if (node.op === "Softmax") return true; // canBeSplit looks at its mask
    if (node.op === SOFTMAX_GRAD) return this.#vanishes(inputs[1] as GraphNode); // a product with the softmax
    const large = inputs.filter((input) => sameShape(shapeOf(input), shapeOf(node)));
    if (node.op === "Mul") return large.some((input) => this.#vanishes(input));
    return ELEMENTWISE.has(node.op) && large.length === 2 && large.every((input) => this.#vanishes(input));
  }

  /** Whether the future is hidden from a softmax. */
  #isMasked(sum: GraphNode): boolean {
    return isSum(sum) && this.#index.inputsOf(sum).some((input) => this.#isCausalMask(input));
  }

  /** `(cast(keys ≤ queries) − 1) · 1e9`, as `causalMask` makes it. */
  #isCausalMask(mask: GraphNode): boolean {
    const [shifted, factor] = this.#index.inputsOf(mask);
    if (mask.op !== "Mul" || shifted?.op !== "Sub" || !((uniformOf(factor) ?? 0) >= MIN_MASK)) return false;
    const [cast, one] = this.#index.inputsOf(shifted);
    const [compared] = cast?.op === "Cast" ? this.#index.inputsOf(cast) : [];
    if (uniformOf(one) !== 1 || compared?.op !== "LessEqual") return false;
    const [keys, queries] = this.#index.inputsOf(compared);
    const [positions] = queries?.op === "ExpandDims" ? this.#index.inputsOf(queries) : [];
    return keys?.op === "Range" && keys === positions && shapeOf(queries).at(-1) === 1;
  }
}

function shapeOf(node: GraphNode | undefined): readonly number[] {
  return node?.outputs[0]?.shape ?? [];
}
