import { GraphBuilder, uniformOf } from "../graph-builder.ts";
import { DataType, type Graph, type GraphNode, numberAttr, sameValue, typeAttr, type Value } from "../graph.ts";
import { nextId, nodesById, usersOf } from "../rewrite.ts";
import { arithmetic } from "./expand-adamw.ts";
import { VIEWS } from "./views.ts";

/**
 * TensorFlow has no operation for decoupled decay, but its proximal gradient descent divides a variable, in place, by
 * `1 + alpha · l2` after taking `alpha · gradient` away. With this alpha the gradient's part vanishes.
 */
const ALPHA = 1e-30;

/** An update whose results are assigned to the variables that it was given, and used for nothing else. */
interface InPlaceUpdate {
  readonly node: GraphNode;
  /** Handles of parameter, m and v. */
  readonly handles: readonly [Value, Value, Value];
}

/**
 * AdamW updates become in-place ones: `ResourceApplyAdam` after a decay. What {@link expandAdamW} would do with the rest makes
 * several copies of every parameter.
 */
export function fuseAdamW(graph: Graph, hasKernel = false): Graph {
  const updates = findUpdates(graph);
  const fused = new Set(updates.map(({ node }) => node.id));
  const isReplaced = (node: GraphNode): boolean =>
    fused.has(node.id) || (node.op === "AssignVariableOp" && fused.has(node.inputs[1]?.node ?? -1));
  const builder = new GraphBuilder(nextId(graph));
  const replaced = new Set(graph.nodes.filter(isReplaced).map(({ id }) => id));
  for (const node of graph.nodes) if (!replaced.has(node.id)) builder.put(node);
  const scalars = new Map<string, Scalars>();
  const applied = updates.map((update) =>
    hasKernel ? applyKernel(update, builder) : applyInPlace(update, builder, scalars),
  );
  return builder.finish(graph.results, [...graph.effects.filter((id) => !replaced.has(id)), ...applied]);
}

function findUpdates(graph: Graph): InPlaceUpdate[] {
  const byId = nodesById(graph);
  const users = usersOf(graph);
  const fetched = new Set(graph.results.map(({ node }) => memoryOf(node, byId)));
  return graph.nodes.flatMap((node) => {
    if (node.op !== "AdamWUpdate" || fetched.has(node.id)) return [];
    const reads = node.inputs.slice(0, 3).map((input) => byId.get(input.node) as GraphNode);
    if (!reads.every((read) => read.op === "ReadVariableOp" && !fetched.has(read.id))) return [];
    const handles = reads.map((read) => read.inputs[0]) as [Value, Value, Value];
    const uses = users.get(node.id) ?? [];
    const isAssigned = (handle: Value, output: number): boolean =>
      uses.some(
        ({ op, inputs: [to, value] }) =>
          op === "AssignVariableOp" && to && sameValue(to, handle) && value?.output === output,
      );
    return uses.length === 3 && handles.every(isAssigned) ? [{ node, handles }] : [];
  });
}

/** As one operation of kernels.cc, which changes what it reads. */
function applyKernel({ node }: InPlaceUpdate, builder: GraphBuilder): number {
  return builder.addEffect({
    op: "ScratchAdamW",
    inputs: node.inputs,
    attrs: { D: typeAttr(DataType.float32), N: { kind: "int", value: 0 }, ...node.attrs },
  });
}

/** The node whose memory a result is: a result must not change when its variable does. */
function memoryOf(id: number, byId: ReadonlyMap<number, GraphNode>): number {
  const node = byId.get(id);
  const source = node && VIEWS.has(node.op) ? node.inputs[0] : undefined;
  return source ? memoryOf(source.node, byId) : id;
}

/** What the operations want, made of what AdamW has; parameters of one group share them. */
interface Scalars {
  readonly rate: Value;
  readonly epsilon: Value;
  readonly l2: Value | undefined;
}

/** Adds the in-place operations; answers with the last one. */
function applyInPlace({ node, handles }: InPlaceUpdate, builder: GraphBuilder, known: Map<string, Scalars>): number {
  const [parameter] = handles;
  const grad = node.inputs[3] as Value;
  const key = JSON.stringify([node.inputs.slice(4), numberAttr(node, "eps")]);
  const { rate, epsilon, l2 } = known.get(key) ?? scalarsOf(node, builder);
  known.set(key, { rate, epsilon, l2 });
  const attrs = { T: typeAttr(DataType.float32) };
  const number = (value: number): Value => builder.scalar(value);
  const decay = l2 && {
    op: "ResourceApplyProximalGradientDescent",
    inputs: [parameter, number(ALPHA), number(0), l2, grad],
    attrs,
  };
  const [beta1, beta2] = [numberAttr(node, "beta1") as number, numberAttr(node, "beta2") as number];
  return builder.addEffect({
    op: "ResourceApplyAdam",
    // Powers of beta of 0: the bias corrections are in the rate already.
    inputs: [...handles, number(0), number(0), rate, number(beta1), number(beta2), epsilon, grad],
    after: decay ? [builder.addEffect(decay)] : [],
    attrs,
  });
}

/**
 * `p · keep − stepSize · m / (√v / correction + ε)` is `p / (1 + (1 / keep − 1)) − (stepSize · correction) · m / (√v +
 * ε · correction)`.
 */
function scalarsOf(node: GraphNode, builder: GraphBuilder): Scalars {
  const [keep, stepSize, correction] = node.inputs.slice(4) as [Value, Value, Value];
  const { op, number } = arithmetic(builder);
  const decays = uniformOf(builder.node(keep)) !== 1;
  return {
    rate: op("Mul", stepSize, correction),
    epsilon: op("Mul", correction, number(numberAttr(node, "eps") as number)),
    l2: decays ? op("Mul", op("Sub", op("RealDiv", number(1), keep), number(1)), number(1 / ALPHA)) : undefined,
  };
}
