import type { GraphBuilder } from "../graph-builder.ts";
import { DataType, type Graph, type GraphNode, typeAttr, type Value } from "../graph.ts";
import { builderFrom, redirected } from "../rewrite.ts";
import { findLosses, type LossOfProduct } from "./find-losses.ts";
import { concat, slice } from "./parts.ts";

/** Logits of more bytes than this are made in parts. */
const MAX_LOGITS_BYTES = 2 ** 27;
/** Parts have a multiple of so many rows: matrix products of fewer are slow. */
const ROW_STEP = 128;

/**
 * Computes a loss over a large vocabulary a few rows at a time, gradient included, so that neither the logits [tokens,
 * vocabulary] nor their gradient ever exist whole. `maxBytes` is the size of a part's logits.
 */
export function chunkLoss(graph: Graph, maxBytes: number = MAX_LOGITS_BYTES): Graph {
  return findLosses(graph).reduce((current, loss) => chunk(current, loss, maxBytes), graph);
}

function chunk(graph: Graph, loss: LossOfProduct, maxBytes: number): Graph {
  const [rows, columns] = loss.product.outputs[0]!.shape as [number, number];
  const step = Math.max(1, Math.floor(maxBytes / 4 / columns / ROW_STEP)) * ROW_STEP;
  if (step >= rows) return graph;
  const builder = builderFrom(graph);
  const parts = new LossParts(loss, builder);
  for (let begin = 0; begin < rows; begin += step) parts.add(begin, Math.min(step, rows - begin));
  const replaced = parts.replacements();
  return redirected(graph, builder.nodes, (value) => replaced.get(`${value.node}:${value.output}`) ?? value);
}

/** The loss and its gradients, part by part. */
class LossParts {
  readonly #loss: LossOfProduct;
  readonly #builder: GraphBuilder;
  readonly #losses: Value[] = [];
  readonly #hiddenGrads: Value[] = [];
  #weightGrad: Value | undefined;
  /** What the next part waits for, so that one part's logits exist at a time. */
  #last: number[] = [];

  constructor(loss: LossOfProduct, builder: GraphBuilder) {
    this.#loss = loss;
    this.#builder = builder;
  }

  add(begin: number, rows: number): void {
    const { product, entropy, gradient } = this.#loss;
    const [hidden, weight] = product.inputs as [Value, Value];
    const part = this.#rows(hidden, begin, rows);
    const labels = this.#rows(entropy.inputs[1] as Value, begin, rows);
    const logits = this.#like(product, [part, weight], [rows, 0], this.#last);
    const [loss, dlogits] = this.#builder.add({
      ...entropy,
      inputs: [logits, labels],
      outputs: [
        { shape: [rows], dtype: DataType.float32 },
        { shape: this.#builder.spec(logits).shape, dtype: DataType.float32 },
      ],
    }) as [Value, Value];
    this.#losses.push(loss);
    this.#last = [loss.node];
    if (!gradient) return;
    const factor = this.#rows(gradient.factor, begin, rows);
    const multiply = (a: Value): Value => this.#arithmetic("Mul", a, factor);
    if (gradient.hidden) this.#hiddenGrads.push(multiply(this.#like(gradient.hidden, [dlogits, weight], [rows, 0])));
    if (gradient.weight) this.#addWeightGrad(this.#like(gradient.weight, [dlogits, multiply(part)], [0, 0]));
    this.#last = [this.#hiddenGrads.at(-1), this.#weightGrad].flatMap((value) => (value ? [value.node] : []));
  }

  /** What stands for the outputs of the old nodes. */
  replacements(): Map<string, Value> {
    const { entropy, gradient } = this.#loss;
    const found = new Map([[`${entropy.id}:0`, concat(this.#builder, this.#losses, 0)]]);
    if (gradient?.hidden) found.set(`${gradient.hidden.id}:0`, concat(this.#builder, this.#hiddenGrads, 0));
    if (gradient?.weight && this.#weightGrad) found.set(`${gradient.weight.id}:0`, this.#weightGrad);
    return found;
  }

  #addWeightGrad(grad: Value): void {
    this.#weightGrad = this.#weightGrad ? this.#arithmetic("AddV2", this.#weightGrad, grad) : grad;
  }

  /** The same product of other operands; a size of 0 is taken from the old one. */
  #like(node: GraphNode, inputs: readonly Value[], [rows, columns]: [number, number], after: number[] = []): Value {
    const [oldRows, oldColumns] = node.outputs[0]!.shape as [number, number];
    const spec = { shape: [rows || oldRows, columns || oldColumns], dtype: DataType.float32 };
    return this.#builder.addOne({ ...node, inputs, after }, spec);
  }

  #rows(value: Value, begin: number, rows: number): Value {
    return slice(this.#builder, value, { axis: 0, begin, end: begin + rows });
  }

  #arithmetic(op: "Mul" | "AddV2", a: Value, b: Value): Value {
    const attrs = { T: typeAttr(DataType.float32) };
    return this.#builder.addOne({ op, inputs: [a, b], attrs }, this.#builder.spec(a));
  }
}
