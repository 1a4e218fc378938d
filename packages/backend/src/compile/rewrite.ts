import { GraphBuilder } from "./graph-builder.ts";
import type { Graph, GraphNode, TensorSpec, Value } from "./graph.ts";

/** Replaces a node: answers with what stands for its outputs, or undefined to keep it. Its inputs are already the new ones. */
export type Rule = (node: GraphNode, builder: GraphBuilder) => readonly Value[] | undefined;

/** The same graph with a rule applied to every node in order. Nodes that stay keep their ids. */
export function rewrite(graph: Graph, rule: Rule): Graph {
  const builder = new GraphBuilder(nextId(graph));
  const replaced = new Map<number, readonly Value[]>();
  const mapped = (value: Value): Value => replaced.get(value.node)?.[value.output] ?? value;
  const mappedId = (id: number): number => replaced.get(id)?.[0]?.node ?? id;
  for (const node of graph.nodes) {
    const current = { ...node, inputs: node.inputs.map(mapped), after: node.after.map(mappedId) };
    const values = rule(current, builder);
    if (values) replaced.set(node.id, values);
    else builder.put(current);
  }
  return builder.finish(graph.results.map(mapped), graph.effects.map(mappedId));
}

/** A builder that goes on from a graph. */
export function builderFrom(graph: Graph): GraphBuilder {
  const builder = new GraphBuilder(nextId(graph));
  for (const node of graph.nodes) builder.put(node);
  return builder;
}

/** An id that no node of the graph has, nor any after it. */
export function nextId(graph: Graph): number {
  return graph.nodes.reduce((last, node) => Math.max(last, node.id), -1) + 1;
}

/** Who uses each node's outputs as input. */
export function usersOf(graph: Graph): Map<number, GraphNode[]> {
  const users = new Map<number, GraphNode[]>();
  for (const node of graph.nodes) {
    for (const id of new Set(node.inputs.map((input) => input.node))) {
      const list = users.get(id);
      if (list) list.push(node);
      else users.set(id, [node]);
    }
  }
  return users;
}

/** Nodes by id. */
export function nodesById(graph: Graph): Map<number, GraphNode> {
  return new Map(graph.nodes.map((node) => [node.id, node]));
}

/** A graph to be looked about in: who makes a value, what it is, who uses it. */
export class GraphIndex {
  readonly graph: Graph;
  readonly #byId: ReadonlyMap<number, GraphNode>;
  readonly #users: ReadonlyMap<number, GraphNode[]>;

  constructor(graph: Graph) {
    this.graph = graph;
    this.#byId = nodesById(graph);
    this.#users = usersOf(graph);
  }

  node(value: Value): GraphNode {
    return this.#byId.get(value.node) as GraphNode;
  }

  spec(value: Value): TensorSpec {
    return this.node(value).outputs[value.output] as TensorSpec;
  }

  /** What makes a node's inputs. */
  inputsOf(node: GraphNode): GraphNode[] {
    return node.inputs.map((input) => this.node(input));
  }

  usersOf(node: GraphNode): readonly GraphNode[] {
    return this.#users.get(node.id) ?? [];
  }
}

/** The same nodes in an order in which they can run, as close to the given one as that allows. */
function inOrder(nodes: readonly GraphNode[]): GraphNode[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const done = new Set<GraphNode>();
  const visit = (node: GraphNode): void => {
    const open = [node];
    while (open.length > 0) {
      const current = open.at(-1) as GraphNode;
      const sources = [...current.inputs.map((input) => input.node), ...current.after].map((id) => byId.get(id));
      const missing = sources.filter((source) => source !== undefined && !done.has(source)) as GraphNode[];
      open.push(...missing);
      if (missing.length > 0) continue;
      open.pop();
      done.add(current);
    }
  };
  for (const node of nodes) if (!done.has(node)) visit(node);
  return [...done];
}

/**
 * The graph with these nodes, where other values stand for some, as `mapped` says, in an order in which they can run. `mappedIds`
 * says the same of nodes that others wait for.
 */
export function redirected(
  graph: Graph,
  nodes: readonly GraphNode[],
  mapped: (value: Value) => Value,
  mappedIds: (id: number) => readonly number[] = (id) => [id],
): Graph {
  const current = nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map(mapped),
    after: node.after.flatMap(mappedIds),
  }));
  return { ...graph, nodes: inOrder(current), results: graph.results.map(mapped) };
}
