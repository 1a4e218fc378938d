import { type Graph, type GraphNode, isSet, type Value } from "../graph.ts";
import { GraphIndex } from "../rewrite.ts";

/** A cross-entropy of a product `hidden · weightᵀ`, and what becomes of its gradient. */
export interface LossOfProduct {
  /** The logits. */
  readonly product: GraphNode;
  readonly entropy: GraphNode;
  readonly gradient: LossGradient | undefined;
}

/** The gradient of the logits times a factor per row, in the products that are made of it. */
interface LossGradient {
  /** [rows, 1] */
  readonly factor: Value;
  /** The gradient of hidden, if it is wanted. */
  readonly hidden: GraphNode | undefined;
  /** The gradient of weight, if it is wanted. */
  readonly weight: GraphNode | undefined;
}

const CROSS_ENTROPY: ReadonlySet<string> = new Set(["SparseSoftmaxCrossEntropyWithLogits", "ScratchCrossEntropy"]);

/** All losses of products whose logits and gradient are used for nothing else. */
export function findLosses(graph: Graph): LossOfProduct[] {
  return new LossFinder(graph).find();
}

class LossFinder {
  readonly #index: GraphIndex;

  constructor(graph: Graph) {
    this.#index = new GraphIndex(graph);
  }

  find(): LossOfProduct[] {
    return this.#index.graph.nodes.flatMap((entropy): LossOfProduct[] => {
      const product = CROSS_ENTROPY.has(entropy.op) ? this.#index.node(entropy.inputs[0] as Value) : undefined;
      const isHead = product?.op === "MatMul" && !isSet(product, "transpose_a") && isSet(product, "transpose_b");
      if (!isHead || this.#index.usersOf(product).length !== 1 || this.#isFetched(product, entropy)) return [];
      const gradientUsers = this.#index.usersOf(entropy).filter(({ inputs }) => usesGradient(inputs, entropy));
      if (gradientUsers.length === 0) return [{ product, entropy, gradient: undefined }];
      const gradient =
        gradientUsers.length === 1 ? this.#gradient(gradientUsers[0] as GraphNode, product, entropy) : undefined;
      return gradient ? [{ product, entropy, gradient }] : [];
    });
  }

  #gradient(scaled: GraphNode, product: GraphNode, entropy: GraphNode): LossGradient | undefined {
    const [, factor] = scaled.inputs;
    const rows = product.outputs[0]?.shape[0];
    if (scaled.op !== "Mul" || !factor || this.#index.spec(factor).shape.join() !== `${rows},1`) return undefined;
    if (this.#isFetched(scaled) || this.#dependsOn(factor, entropy)) return undefined;
    const uses = this.#index.usersOf(scaled);
    const [hiddenInput, weightInput] = product.inputs as [Value, Value];
    const hidden = uses.find((use) => isProduct(use, scaled, { right: weightInput, transposeLeft: false }));
    const weight = uses.find((use) => isProduct(use, scaled, { right: hiddenInput, transposeLeft: true }));
    const isAll = uses.every((use) => use === hidden || use === weight);
    return isAll ? { factor, hidden, weight } : undefined;
  }

  /** Whether a value needs the node to have run. */
  #dependsOn(value: Value, source: GraphNode): boolean {
    const reached = new Set([source.id]);
    for (const node of this.#index.graph.nodes) {
      if (node.inputs.some((input) => reached.has(input.node))) reached.add(node.id);
    }
    return reached.has(value.node);
  }

  /** Whether a caller gets one of the nodes' large outputs. */
  #isFetched(...nodes: readonly GraphNode[]): boolean {
    return this.#index.graph.results.some(({ node, output }) =>
      nodes.some(({ id, op }) => id === node && (!CROSS_ENTROPY.has(op) || output === 1)),
    );
  }
}

function usesGradient(inputs: readonly Value[], entropy: GraphNode): boolean {
  return inputs.some(({ node, output }) => node === entropy.id && output === 1);
}

function isProduct(
  node: GraphNode,
  left: GraphNode,
  { right, transposeLeft }: { right: Value; transposeLeft: boolean },
): boolean {
  const [a, b] = node.inputs;
  const hasOperands = a?.node === left.id && b?.node === right.node && b.output === right.output;
  return (
    node.op === "MatMul" && hasOperands && isSet(node, "transpose_a") === transposeLeft && !isSet(node, "transpose_b")
  );
}
