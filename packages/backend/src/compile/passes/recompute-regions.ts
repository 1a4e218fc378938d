import { GraphBuilder } from "../graph-builder.ts";
import { type Graph, type GraphNode, isSet, isSum, sameShape, type Value } from "../graph.ts";
import { nextId, nodesById, usersOf } from "../rewrite.ts";

/** Matrix products, and attention, whose elements are sums of so many terms are kept: they take long for the memory they need. */
const MIN_TERMS = 256;

/**
 * Computes again for the gradient what `checkpoint` regions have computed, instead of keeping it: all but long matrix
 * products. The operations that the gradient needs are repeated from what is kept, and wait until the gradient has come as
 * far as the region: without that TensorFlow would take them for duplicates, or run them at once, and keep everything.
 */
export function recomputeRegions(graph: Graph): Graph {
  const builder = new GraphBuilder(nextId(graph));
  const copier = new RegionCopier(graph, builder);
  for (const node of graph.nodes) builder.put(node.backward ? copier.onCopies(node) : node);
  return builder.finish(graph.results, graph.effects);
}

class RegionCopier {
  readonly #byId: ReadonlyMap<number, GraphNode>;
  readonly #builder: GraphBuilder;
  /** Nodes whose outputs other regions, or what comes after all regions, use: those are there anyway; and long products. */
  readonly #kept: ReadonlySet<number>;
  /** Backward nodes that cannot run before the forward pass is done. */
  readonly #late: ReadonlySet<number>;
  readonly #copies: Map<number, readonly Value[]> = new Map();
  /** What the copies of each region wait for. */
  readonly #triggers: Map<number, number> = new Map();
  #lastLate: number | undefined;

  constructor(graph: Graph, builder: GraphBuilder) {
    this.#byId = nodesById(graph);
    this.#builder = builder;
    this.#kept = keptNodes(graph);
    this.#late = lateNodes(graph);
  }

  /** A backward node that uses copies where it used a region's inside. */
  onCopies(node: GraphNode): GraphNode {
    const inputs = node.inputs.map((input) => this.#copyOf(input, node));
    if (this.#late.has(node.id)) this.#lastLate = node.id;
    return { ...node, inputs };
  }

  #copyOf(value: Value, user: GraphNode): Value {
    const source = this.#byId.get(value.node) as GraphNode;
    if (source.region === undefined || source.backward || this.#kept.has(source.id)) return value;
    const copies = this.#copies.get(source.id) ?? this.#copy(source, source.region, user);
    this.#copies.set(source.id, copies);
    return copies[value.output] as Value;
  }

  #copy(source: GraphNode, region: number, user: GraphNode): readonly Value[] {
    const inputs = source.inputs.map((input) => this.#copyOf(input, user));
    const startsHere = inputs.every((input, i) => input === source.inputs[i]);
    const trigger = startsHere ? this.#trigger(region, user) : undefined;
    return this.#builder.add({
      ...source,
      inputs,
      after: trigger === undefined ? source.after : [...source.after, trigger],
    });
  }

  /** The gradient that reaches the region: what its first user gets from behind, or else what has run last. */
  #trigger(region: number, user: GraphNode): number | undefined {
    const incoming = user.inputs.find((input) => this.#late.has(input.node))?.node ?? this.#lastLate;
    const trigger = this.#triggers.get(region) ?? incoming;
    if (trigger !== undefined) this.#triggers.set(region, trigger);
    return trigger;
  }
}

function keptNodes(graph: Graph): Set<number> {
  const users = usersOf(graph);
  const isUsedOutside = ({ id, region }: GraphNode): boolean =>
    (users.get(id) ?? []).some((user) => !user.backward && user.region !== region);
  const byId = nodesById(graph);
  const inRegions = graph.nodes.filter((node) => node.region !== undefined && !node.backward);
  const there = inRegions.filter(isUsedOutside).map(({ id }) => id);
  const products = inRegions.filter((node) => termsOf(node, byId) >= MIN_TERMS);
  const sums = products.map((product) => biased(product, users.get(product.id) ?? []).id);
  return new Set([...there, ...sums, ...graph.results.map(({ node }) => node)]);
}

/** How many terms each element of a matrix product has; 0 for other nodes. */
function termsOf(node: GraphNode, byId: ReadonlyMap<number, GraphNode>): number {
  const [left] = node.inputs;
  const last = isSet(node, "transpose_a") || isSet(node, "adj_x") ? -2 : -1;
  const axis = { MatMul: last, BatchMatMulV2: last, ScratchCausalAttention: 1 }[node.op];
  if (axis === undefined || !left) return 0;
  return byId.get(left.node)?.outputs[left.output]?.shape.at(axis) ?? 0;
}

/** A product with its bias, where nothing else uses it: TensorFlow computes both at once. */
function biased(product: GraphNode, users: readonly GraphNode[]): GraphNode {
  const [user] = users;
  const isBiased = users.length === 1 && user !== undefined && isSum(user);
  return isBiased && sameShape(user.outputs[0]?.shape ?? [], product.outputs[0]?.shape ?? []) ? user : product;
}

/** Backward nodes that depend on what comes after the last region. */
function lateNodes(graph: Graph): Set<number> {
  const lastRegion = graph.nodes.findLast((node) => node.region !== undefined)?.region;
  const after = new Set<number>();
  const late = new Set<number>();
  for (const node of graph.nodes) {
    const depends = node.region === lastRegion || node.inputs.some((input) => after.has(input.node));
    if (!depends) continue;
    after.add(node.id);
    if (node.backward) late.add(node.id);
  }
  return late;
}
