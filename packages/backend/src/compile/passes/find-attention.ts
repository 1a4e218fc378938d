import { elementsOf, uniformOf } from "../graph-builder.ts";
import { type Graph, type GraphNode, isSet, sameShape, type Value } from "../graph.ts";
import { nodesById, usersOf } from "../rewrite.ts";

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
  readonly #graph: Graph;
  readonly #byId: ReadonlyMap<number, GraphNode>;
  readonly #users: ReadonlyMap<number, GraphNode[]>;

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#byId = nodesById(graph);
    this.#users = usersOf(graph);
  }

  find(minTokens: number): CausalAttention[] {
    const seen = new Set<GraphNode>();
    return this.#graph.nodes.flatMap((node) => {
      const shape = shapeOf(node);
      const isLong = shape.length > 2 && shape.at(-1) === shape.at(-2) && (shape.at(-1) as number) >= minTokens;
      if (node.op !== "Softmax" || !isLong || seen.has(node)) return [];
      const members = this.#connected(node, shape);
      for (const member of members) seen.add(member);
      const products = this.#productsOf(members);
      const ordered = this.#graph.nodes.filter((one) => members.has(one));
      return products && ordered.every((one) => this.#canBeSplit(one, members))
        ? [{ shape, members: ordered, products }]
        : [];
    });
  }

  /** Nodes of this shape, and sums over their rows, as far as they touch. */
  #connected(start: GraphNode, shape: readonly number[]): Set<GraphNode> {
    const members = new Set([start]);
    for (const member of members) {
      const neighbours = [...member.inputs.map((input) => this.#node(input)), ...this.#usersOf(member)];
      for (const node of neighbours) if (this.#isMember(node, shape)) members.add(node);
    }
    return members;
  }

  #isMember(node: GraphNode, shape: readonly number[]): boolean {
    if (node.op === "Sum") return sameShape(this.#shapeOf(node.inputs[0]), shape) && this.#isOverRows(node);
    if (!sameShape(shapeOf(node), shape)) return false;
    const isScores = node.op === "BatchMatMulV2" && !isSet(node, "adj_x") && isSet(node, "adj_y");
    return isScores || node.op === "Softmax" || node.op === SOFTMAX_GRAD || ELEMENTWISE.has(node.op);
  }

  #isOverRows(sum: GraphNode): boolean {
    const axes = elementsOf(this.#byId.get(sum.inputs[1]?.node ?? -1));
    const last = this.#shapeOf(sum.inputs[0]).length - 1;
    return isSet(sum, "keep_dims") && axes?.length === 1 && (axes[0] === last || axes[0] === -1);
  }

  /** What uses the members from outside, if it is nothing but products. */
  #productsOf(members: ReadonlySet<GraphNode>): GraphNode[] | undefined {
    const fetched = new Set(this.#graph.results.map(({ node }) => node));
    if ([...members].some(({ id }) => fetched.has(id))) return undefined;
    const outside = [...members].flatMap((member) => this.#usersOf(member).filter((user) => !members.has(user)));
    const isProduct = (node: GraphNode): boolean => {
      const [left, right] = node.inputs.map((input) => this.#node(input));
      const isPlain = node.op === "BatchMatMulV2" && !isSet(node, "adj_y");
      const hasSides = left !== undefined && right !== undefined && members.has(left) && !members.has(right);
      return isPlain && hasSides && this.#vanishes(left) && shapeOf(left).length === shapeOf(right).length;
    };
    return outside.every(isProduct) ? [...new Set(outside)] : undefined;
  }

  /** Whether a part of its rows needs nothing but the same rows of other members, without the future. */
  #canBeSplit(node: GraphNode, members: ReadonlySet<GraphNode>): boolean {
    const [first] = node.inputs.map((input) => this.#node(input));
    if (node.op === "Softmax") return first !== undefined && this.#isMasked(first);
    if (node.op === "Sum") return first !== undefined && this.#vanishes(first);
    return node.op !== "BatchMatMulV2" || !node.inputs.some((input) => members.has(this.#node(input)));
  }

  /** Whether the future is 0. */
  #vanishes(node: GraphNode): boolean {
    const inputs = node.inputs.map((input) => this.#node(input));
    if (node.op === "Softmax") return true; // canBeSplit looks at its mask
    if (node.op === SOFTMAX_GRAD) return this.#vanishes(inputs[1] as GraphNode); // a product with the softmax
    const large = inputs.filter((input) => sameShape(shapeOf(input), shapeOf(node)));
    if (node.op === "Mul") return large.some((input) => this.#vanishes(input));
    return ELEMENTWISE.has(node.op) && large.length === 2 && large.every((input) => this.#vanishes(input));
  }

  /** Whether the future is hidden from a softmax. */
  #isMasked(sum: GraphNode): boolean {
    const isSum = sum.op === "Add" || sum.op === "AddV2";
    return isSum && sum.inputs.some((input) => this.#isCausalMask(this.#node(input)));
  }

  /** `(cast(keys ≤ queries) − 1) · 1e9`, as `causalMask` makes it. */
  #isCausalMask(mask: GraphNode): boolean {
    const [shifted, factor] = mask.inputs.map((input) => this.#node(input));
    if (mask.op !== "Mul" || shifted?.op !== "Sub" || !((uniformOf(factor) ?? 0) >= MIN_MASK)) return false;
    const [cast, one] = shifted.inputs.map((input) => this.#node(input));
    const [compared] = cast?.op === "Cast" ? cast.inputs.map((input) => this.#node(input)) : [];
    if (uniformOf(one) !== 1 || compared?.op !== "LessEqual") return false;
    const [keys, queries] = compared.inputs.map((input) => this.#node(input));
    const [positions] = queries?.op === "ExpandDims" ? queries.inputs.map((input) => this.#node(input)) : [];
    return keys?.op === "Range" && keys === positions && shapeOf(queries as GraphNode).at(-1) === 1;
  }

  #node(value: Value): GraphNode {
    return this.#byId.get(value.node) as GraphNode;
  }

  #usersOf(node: GraphNode): readonly GraphNode[] {
    return this.#users.get(node.id) ?? [];
  }

  #shapeOf(value: Value | undefined): readonly number[] {
    return (value && this.#byId.get(value.node)?.outputs[value.output]?.shape) ?? [];
  }
}

function shapeOf(node: GraphNode): readonly number[] {
  return node.outputs[0]?.shape ?? [];
}
