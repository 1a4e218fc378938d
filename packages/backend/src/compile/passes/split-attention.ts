import type { GraphBuilder } from "../graph-builder.ts";
import { type Graph, type GraphNode, isSet, type TensorSpec, type Value } from "../graph.ts";
import { builderFrom, redirected } from "../rewrite.ts";
import { type CausalAttention, findAttention } from "./find-attention.ts";
import { concat, type Range, resized, slice, sumOfPrefixes } from "./parts.ts";

/** Queries of a part: matrix products of fewer rows are slow. */
const ROWS = 256;
/** Fewer tokens than this are not worth the parts. */
const MIN_TOKENS = 512;

/** What tests change. */
interface SplitOptions {
  readonly rows?: number;
  readonly minTokens?: number;
}

/**
 * Computes causal attention for a few queries at a time, together with those keys only that the last of them may see, gradient
 * included: at many tokens almost half of the work is saved, which a mask throws away.
 */
export function splitAttention(graph: Graph, { rows = ROWS, minTokens = MIN_TOKENS }: SplitOptions = {}): Graph {
  const found = findAttention(graph, minTokens);
  if (found.length === 0) return graph;
  const builder = builderFrom(graph);
  const parts = found.map((attention) => new AttentionParts(attention, builder, rows));
  for (const each of parts) each.build();
  const replaced = new Map(parts.flatMap(({ products }) => [...products]));
  const copies = new Map(parts.flatMap(({ nodes }) => [...nodes]));
  return redirected(
    graph,
    builder.nodes.filter(({ id }) => !copies.has(id)),
    (value) => replaced.get(value.node) ?? value,
    (id) => copies.get(id) ?? [id],
  );
}

class AttentionParts {
  /** What stands for each old product. */
  readonly products: Map<number, Value> = new Map();
  /** The nodes of all parts that stand for each old node. */
  readonly nodes: Map<number, number[]> = new Map();
  readonly #attention: CausalAttention;
  readonly #builder: GraphBuilder;
  readonly #tokens: number;
  readonly #rows: number;

  constructor(attention: CausalAttention, builder: GraphBuilder, rows: number) {
    this.#attention = attention;
    this.#builder = builder;
    this.#tokens = attention.shape.at(-1) as number;
    this.#rows = rows;
  }

  build(): void {
    const { members, products } = this.#attention;
    const parts = products.map((): Value[] => []);
    for (let begin = 0; begin < this.#tokens; begin += this.#rows) {
      const queries = { axis: -2, begin, end: Math.min(begin + this.#rows, this.#tokens) };
      const known = new Map<number, Value>();
      for (const member of members) known.set(member.id, this.#member(member, queries, known));
      for (const [i, product] of products.entries()) parts[i]?.push(this.#product(product, queries, known));
    }
    for (const [i, product] of products.entries()) this.products.set(product.id, this.#join(product, parts[i] ?? []));
  }

  #member(node: GraphNode, queries: Range, known: ReadonlyMap<number, Value>): Value {
    const [left, right] = node.inputs as [Value, Value];
    const keys = { ...queries, begin: 0 };
    const shape = resized(node.outputs[0]!.shape, -2, queries.end - queries.begin);
    if (node.op === "Sum") return this.#copy(node, [known.get(left.node) as Value, right], shape);
    const inputs =
      node.op === "BatchMatMulV2"
        ? [slice(this.#builder, left, queries), slice(this.#builder, right, keys)]
        : node.inputs.map((input) => known.get(input.node) ?? this.#operand(input, queries));
    return this.#copy(node, inputs, resized(shape, -1, queries.end));
  }

  /** What an operand from outside, stretched or not, is for these queries. */
  #operand(value: Value, queries: Range): Value {
    const part = this.#size(value, -2) === this.#tokens ? slice(this.#builder, value, queries) : value;
    const keys = { axis: -1, begin: 0, end: queries.end };
    return this.#size(value, -1) === this.#tokens ? slice(this.#builder, part, keys) : part;
  }

  /** Rows of the queries; or, where the product sums over the queries, what these add to the keys that they see. */
  #product(node: GraphNode, queries: Range, known: ReadonlyMap<number, Value>): Value {
    const [left, right] = node.inputs as [Value, Value];
    const overQueries = isSet(node, "adj_x");
    const other = slice(this.#builder, right, overQueries ? queries : { ...queries, begin: 0 });
    const count = overQueries ? queries.end : queries.end - queries.begin;
    return this.#copy(node, [known.get(left.node) as Value, other], resized(node.outputs[0]!.shape, -2, count));
  }

  #join(node: GraphNode, parts: readonly Value[]): Value {
    return isSet(node, "adj_x")
      ? sumOfPrefixes(this.#builder, parts, -2, this.#tokens)
      : concat(this.#builder, parts, -2);
  }

  #copy(node: GraphNode, inputs: readonly Value[], shape: readonly number[]): Value {
    const { dtype } = node.outputs[0] as TensorSpec;
    const copy = this.#builder.addOne({ ...node, inputs }, { shape, dtype });
    this.nodes.set(node.id, [...(this.nodes.get(node.id) ?? []), copy.node]);
    return copy;
  }

  #size(value: Value, axis: number): number | undefined {
    return this.#builder.spec(value).shape.at(axis);
  }
}
