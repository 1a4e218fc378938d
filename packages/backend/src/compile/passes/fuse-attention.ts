import { elementsOf, type GraphBuilder } from "../graph-builder.ts";
import { type Attributes, DataType, type Graph, type GraphNode, typeAttr, type Value } from "../graph.ts";
import { builderFrom, GraphIndex, redirected } from "../rewrite.ts";
import { type AttentionGradient, type AttentionParts, partsOf } from "./attention-parts.ts";
import { type CausalAttention, findAttention } from "./find-attention.ts";

/**
 * Causal attention of several heads becomes one operation of kernels.cc, and its gradient another: transposes, products, mask,
 * softmax and dropout, without the half that the mask hides. Of [tokens, tokens] nothing is left but dropout's masks.
 */
export function fuseAttention(graph: Graph): Graph {
  const index = new GraphIndex(graph);
  const builder = builderFrom(graph);
  const replaced = new Map<number, Value>();
  for (const attention of findAttention(graph, 1)) {
    const parts = partsOf(attention, index);
    if (parts) new Fusion(attention, { builder, index, replaced }).build(parts);
  }
  return redirected(
    graph,
    builder.nodes,
    (value) => replaced.get(value.node) ?? value,
    (id) => [replaced.get(id)?.node ?? id],
  );
}

interface Rewriting {
  readonly builder: GraphBuilder;
  /** Of the graph as it was. */
  readonly index: GraphIndex;
  /** What stands for the outputs of old nodes. */
  readonly replaced: Map<number, Value>;
}

/** Exchanges tokens and heads. */
const SWAP_HEADS: readonly number[] = [0, 2, 1, 3];

class Fusion {
  readonly #attention: CausalAttention;
  readonly #builder: GraphBuilder;
  readonly #index: GraphIndex;
  readonly #replaced: Map<number, Value>;

  constructor(attention: CausalAttention, { builder, index, replaced }: Rewriting) {
    this.#attention = attention;
    this.#builder = builder;
    this.#index = index;
    this.#replaced = replaced;
  }

  build(parts: AttentionParts): void {
    const { masks, factor } = parts.dropout;
    const inputs = [...[parts.queries, parts.keys, parts.values].map((value) => this.#swapped(value)), ...masks];
    const attrs: Attributes = {
      N: { kind: "int", value: masks.length },
      factor: { kind: "float", value: factor },
    };
    const [context, logSums] = this.#context(parts.context, inputs, attrs);
    const gradient = parts.gradient && this.#gradient(parts.gradient, [context, logSums, ...inputs], attrs);
    for (const { id, backward } of this.#attention.members) {
      this.#replaced.set(id, (backward ? gradient : undefined) ?? context);
    }
  }

  /** The context, and what its gradient needs: the logarithms of the sums of exponentiated scores. */
  #context(product: GraphNode | undefined, inputs: readonly Value[], attrs: Attributes): [Value, Value] {
    const spec = this.#builder.spec(inputs[0] as Value);
    const sums = { shape: this.#attention.shape.slice(0, -1), dtype: DataType.float32 };
    const [context, logSums] = this.#builder.add({
      op: "ScratchCausalAttention",
      inputs,
      attrs,
      outputs: [spec, sums],
      ...this.#whereFrom("Softmax"),
    }) as [Value, Value];
    this.#standFor(product, context);
    return [context, logSums];
  }

  #gradient(gradient: AttentionGradient, inputs: readonly Value[], attrs: Attributes): Value {
    const spec = this.#builder.spec(inputs[0] as Value);
    const outputs = this.#builder.add({
      op: "ScratchCausalAttentionGrad",
      inputs: [this.#swapped(gradient.context), ...inputs],
      attrs,
      outputs: [spec, spec, spec],
      ...this.#whereFrom("ScratchSoftmaxGrad"),
    });
    const products = [gradient.queries, gradient.keys, gradient.values];
    for (const [i, product] of products.entries()) this.#standFor(product, outputs[i] as Value);
    return outputs[0] as Value;
  }

  /** Where the member with such an operation was recorded. */
  #whereFrom(op: string): Pick<GraphNode, "region" | "backward"> {
    const { region, backward } = this.#attention.members.find((member) => member.op === op) as GraphNode;
    return { ...(region !== undefined && { region }), ...(backward !== undefined && { backward }) };
  }

  /** Lets an output, heads and tokens exchanged, stand for a product. */
  #standFor(product: GraphNode | undefined, output: Value): void {
    if (!product) return;
    this.#replaced.set(product.id, this.#swapped(output));
    for (const user of this.#index.usersOf(product)) if (this.#swapsHeads(user)) this.#replaced.set(user.id, output);
  }

  /** [batch, heads, tokens, width] as [batch, tokens, heads, width], or the other way round. */
  #swapped(value: Value): Value {
    const node = this.#builder.node(value);
    if (this.#swapsHeads(node)) return node.inputs[0] as Value;
    const { shape, dtype } = this.#builder.spec(value);
    const swapped = SWAP_HEADS.map((axis) => shape[axis] as number);
    const attrs = { T: typeAttr(dtype), Tperm: typeAttr(DataType.int32) };
    const inputs = [value, this.#builder.ints(SWAP_HEADS)];
    return this.#builder.addOne({ op: "Transpose", inputs, attrs }, { shape: swapped, dtype });
  }

  #swapsHeads({ op, inputs: [, order] }: GraphNode): boolean {
    return op === "Transpose" && elementsOf(this.#builder.node(order as Value))?.join() === SWAP_HEADS.join();
  }
}
