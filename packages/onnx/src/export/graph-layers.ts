import type { GPTConfig } from "@scratch-llm/gpt";
import { TENSOR_TYPES } from "../proto/messages.ts";
import { BLOCK } from "./encodings.ts";
import { type GraphBuilder, MICROSOFT } from "./graph-builder.ts";
import type { Quantization } from "./quantization.ts";
import type { Stored } from "./weights.ts";

/** Stands for −∞ where attention must not look: e to its power is 0. */
export const MASKED = -1e9;

/** A slice ends here when it ends with its axis. */
const LAST = 2 ** 31;

/** `accuracy_level` of MatMulNBits at which activations become 8-bit too; with floats it is thirty times slower. */
const INTEGER_ACTIVATIONS = 4;

/** What the layers are made of. */
export interface LayerOptions {
  readonly config: GPTConfig;
  readonly quantization: Quantization;
  readonly weights: ReadonlyMap<string, Stored>;
}

/** The layers of a GPT as operations; both forms of the graph are made of them. x is always (tokens of all rows, embDim). */
export class GraphLayers {
  readonly #graph: GraphBuilder;
  readonly #options: LayerOptions;

  /** Declares the inputs for tokens and their positions, of this shape. */
  constructor(graph: GraphBuilder, options: LayerOptions, shape: readonly [rows: string, tokens: string]) {
    this.#graph = graph;
    this.#options = options;
    graph.input("input_ids", "int64", shape);
    graph.input("position_ids", "int64", shape);
  }

  /** The shape (rows, new tokens, …). */
  shape(...rest: readonly number[]): string {
    const graph = this.#graph;
    return graph.node("Concat", [graph.node("Shape", ["input_ids"]), graph.ints(rest)], { attributes: { axis: 0 } });
  }

  /** Token and position embeddings, added. */
  embed(): string {
    const graph = this.#graph;
    const { quantization, config } = this.#options;
    const [tokens, scales] = this.#tensors("tokEmb.weight").map((table) => graph.node("Gather", [table, "input_ids"]));
    const numbers = quantization === "none" ? tokens! : this.#toFloat(tokens!);
    const tokEmbeds = scales === undefined ? numbers : graph.node("Mul", [numbers, scales]);
    const posEmbeds = graph.node("Gather", [this.#weight("posEmb.weight"), "position_ids"]);
    return graph.node("Reshape", [graph.node("Add", [tokEmbeds, posEmbeds]), graph.ints([-1, config.embDim])]);
  }

  /**
   * A transformer block; `attend` makes (b, h, s, d) of queries, keys and values of that shape. With `lastOnly` the queries, and what
   * comes out, are of each row's last token.
   */
  block(
    layer: number,
    x: string,
    { lastOnly = false }: { readonly lastOnly?: boolean },
    attend: (q: string, k: string, v: string) => string,
  ): string {
    const graph = this.#graph;
    const { nHeads, embDim } = this.#options.config;
    const block = `trfBlocks.${layer}`;
    const qkv = this.#linear(`${block}.att.qkv`, this.#norm(`${block}.norm1`, x));
    const parts = ["query", "key", "value"].map((part) => `${block}.${part}`);
    graph.node("Split", [qkv], { outputs: parts, attributes: { axis: 1, num_outputs: 3 } });
    const heads = this.shape(nHeads, embDim / nHeads);
    let [q, k, v] = parts.map((part) => {
      const split = graph.node("Reshape", [part, heads]); // (b, s, h, d)
      return graph.node("Transpose", [split], { attributes: { perm: [0, 2, 1, 3] } });
    }) as [string, string, string];
    if (lastOnly) {
      q = graph.node("Slice", [q, ...[-1, LAST, 2].map((value) => graph.ints([value]))]); // from −1 on, of axis 2
      const rows = graph.node("Reshape", [x, this.shape(embDim)]);
      x = graph.node("Gather", [rows, graph.ints(-1)], { attributes: { axis: 1 } });
    }
    const scaled = graph.node("Mul", [q, graph.float(1 / Math.sqrt(embDim / nHeads))]);
    const context = graph.node("Transpose", [attend(scaled, k, v)], { attributes: { perm: [0, 2, 1, 3] } });
    const joined = graph.node("Reshape", [context, graph.ints([-1, embDim])]);
    x = graph.node("Add", [this.#linear(`${block}.att.outProj`, joined), x]);
    const hidden = this.#linear(`${block}.ff.layers.0`, this.#norm(`${block}.norm2`, x));
    const activated = graph.node("Gelu", [hidden], { attributes: { approximate: "tanh" } });
    return graph.node("Add", [this.#linear(`${block}.ff.layers.2`, activated), x]);
  }

  softmax(scores: string): string {
    return this.#graph.node("Softmax", [scores], { attributes: { axis: -1 } });
  }

  /** A matrix of this shape that is MASKED from the `k`th diagonal up, and 0 below. */
  maskAbove(shape: string, k: string): string {
    const content = new Uint8Array(Float32Array.of(MASKED).buffer);
    const value = { name: "value", type: "float32", shape: [1], content } as const;
    const filled = this.#graph.node("ConstantOfShape", [shape], { attributes: { value } });
    return this.#graph.node("Trilu", [filled, k], { attributes: { upper: 1 } });
  }

  /** Final normalization and output head. */
  head(x: string, outputs?: readonly string[]): string {
    return this.#linear("outHead", this.#norm("finalNorm", x), outputs);
  }

  #norm(name: string, x: string): string {
    const inputs = [x, this.#weight(`${name}.scale`), this.#weight(`${name}.shift`)];
    return this.#graph.node("LayerNormalization", inputs, { attributes: { axis: -1, epsilon: { float: 1e-5 } } });
  }

  /** x times the transpose of a matrix of ours, and its bias where it has one. */
  #linear(name: string, x: string, outputs?: readonly string[]): string {
    const graph = this.#graph;
    const { quantization, weights } = this.#options;
    const [weight, scale] = this.#tensors(`${name}.weight`) as [string, string];
    const bias = weights.has(`${name}.bias`) ? [this.#weight(`${name}.bias`)] : [];
    const named = outputs === undefined ? {} : { outputs };
    const [out, input] = weights.get(`${name}.weight`)!.shape as [number, number];
    switch (quantization) {
      case "none":
        return graph.node("Gemm", [x, weight, ...bias], { attributes: { transB: 1 }, ...named });
      case "f16":
        return graph.node("Gemm", [x, this.#toFloat(weight), ...bias], { attributes: { transB: 1 }, ...named });
      case "dynamic": {
        const product = this.#dynamicProduct(x, weight, scale, bias.length > 0 ? {} : named);
        return bias.length > 0 ? graph.node("Add", [product, ...bias]) : product;
      }
      default: {
        const bits = quantization === "int8" ? 8 : 4;
        const attributes = { K: input, N: out, bits, block_size: BLOCK, accuracy_level: INTEGER_ACTIVATIONS };
        const inputs = [x, weight, scale, ...(bias.length > 0 ? ["", "", ...bias] : [])];
        return graph.node("MatMulNBits", inputs, { domain: MICROSOFT, attributes, ...named });
      }
    }
  }

  /** Makes x 8-bit, multiplies whole numbers, and scales the sums. ONNX Runtime makes one operation of these. */
  #dynamicProduct(x: string, weight: string, scale: string, named: { readonly outputs?: readonly string[] }): string {
    const graph = this.#graph;
    const [codes, codeScale, zero] = ["codes", "scale", "zero"].map((part) => `${x}.${part}`) as [
      string,
      string,
      string,
    ];
    graph.node("DynamicQuantizeLinear", [x], { outputs: [codes, codeScale, zero] });
    const sums = this.#toFloat(graph.node("MatMulInteger", [codes, weight, zero]));
    return graph.node("Mul", [sums, graph.node("Mul", [codeScale, scale])], named);
  }

  #toFloat(x: string): string {
    return this.#graph.node("Cast", [x], { attributes: { to: TENSOR_TYPES.float32 } });
  }

  #weight(name: string): string {
    return this.#tensors(name)[0]!;
  }

  #tensors(name: string): string[] {
    return this.#options.weights.get(name)!.tensors.map((tensor) => this.#graph.initializer(tensor));
  }
}
