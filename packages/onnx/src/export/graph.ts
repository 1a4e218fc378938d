import type { GPTConfig } from "@scratch-llm/gpt";
import type { ModelMessage } from "../proto/messages.ts";
import { TENSOR_TYPES } from "../proto/messages.ts";
import { BLOCK } from "./encodings.ts";
import { GraphBuilder, MICROSOFT } from "./graph-builder.ts";
import type { Quantization } from "./quantization.ts";
import type { Stored } from "./weights.ts";

/** Stands for −∞ where attention must not look: e to its power is 0. */
const MASKED = -1e9;

/** `accuracy_level` of MatMulNBits at which activations become 8-bit too; with floats it is thirty times slower. */
const INTEGER_ACTIVATIONS = 4;

/** What a graph is written from. */
interface GraphOptions {
  readonly config: GPTConfig;
  readonly quantization: Quantization;
  readonly weights: ReadonlyMap<string, Stored>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * The graph that decodes fast. The caller keeps the keys and values, and the graph gives only the new ones: copying
 * all of them at each step costs more than the step. Letters in shapes: b rows, s new tokens, p places for earlier ones.
 */
export function decoderGraph(options: GraphOptions): ModelMessage {
  const { vocabSize, nHeads, embDim, nLayers } = options.config;
  const d = embDim / nHeads;
  const graph = new GraphBuilder();
  const layers = new Layers(graph, options);
  let x = layers.embed(graph.input("input_ids", "int64", ["b", "s"]), graph.input("position_ids", "int64", ["b", "s"]));
  const bias = graph.input("past_bias", "float32", ["b", 1, 1, "p"]);
  const s = graph.node("Shape", ["input_ids"], { attributes: { start: 1, end: 2 } });
  const p = graph.node("Shape", [bias], { attributes: { start: 3, end: 4 } });
  const square = graph.node("Concat", [s, s], { attributes: { axis: 0 } });
  const causal = layers.maskAbove(square, graph.ints(1)); // (s, s)
  const lengths = graph.node("Concat", [p, s], { attributes: { axis: 0 } });
  graph.output("logits", "float32", ["b", vocabSize]);
  for (let layer = 0; layer < nLayers; layer++) {
    const pastKey = graph.input(`past_key.${layer}`, "float32", ["b", nHeads, d, "p"]);
    const pastValue = graph.input(`past_value.${layer}`, "float32", ["b", nHeads, "p", d]);
    x = layers.block(layer, x, (q, k, v) => {
      graph.output(`new_key.${layer}`, "float32", ["b", nHeads, d, "s"]);
      graph.output(`new_value.${layer}`, "float32", ["b", nHeads, "s", d]);
      graph.node("Identity", [v], { outputs: [`new_value.${layer}`] });
      const toPast = graph.node("Add", [graph.node("MatMul", [q, pastKey]), bias]);
      const newKey = graph.node("Transpose", [k], {
        attributes: { perm: [0, 1, 3, 2] },
        outputs: [`new_key.${layer}`],
      });
      const toNew = graph.node("Add", [graph.node("MatMul", [q, newKey]), causal]);
      const weights = layers.softmax(graph.node("Concat", [toPast, toNew], { attributes: { axis: 3 } })); // (b, h, s, p + s)
      const [ofPast, ofNew] = [`past_weights.${layer}`, `new_weights.${layer}`];
      graph.node("Split", [weights, lengths], { outputs: [ofPast, ofNew], attributes: { axis: 3 } });
      return graph.node("Add", [graph.node("MatMul", [ofPast, pastValue]), graph.node("MatMul", [ofNew, v])]);
    });
  }
  const last = graph.node("Gather", [x, graph.ints(-1)], { attributes: { axis: 1 } }); // (b, embDim)
  layers.head(last);
  return graph.build(options.metadata);
}

/**
 * The graph with the names that Hugging Face's optimum gives: transformers.js and others know them. All keys and values go in
 * and come out again. t: earlier tokens and new ones.
 */
export function standardGraph(options: GraphOptions): ModelMessage {
  const { vocabSize, nHeads, embDim, nLayers } = options.config;
  const d = embDim / nHeads;
  const [b, s, t] = ["batch_size", "sequence_length", "total_sequence_length"];
  const graph = new GraphBuilder();
  const layers = new Layers(graph, options);
  const ids = graph.input("input_ids", "int64", [b, s]);
  const seen = graph.input("attention_mask", "int64", [b, t]);
  let x = layers.embed(ids, graph.input("position_ids", "int64", [b, s]));
  graph.output("logits", "float32", [b, s, vocabSize]);

  const newLength = graph.node("Shape", [ids], { attributes: { start: 1, end: 2 } });
  const length = graph.node("Shape", [seen], { attributes: { start: 1, end: 2 } });
  const shape = graph.node("Concat", [newLength, length], { attributes: { axis: 0 } });
  const earlier = graph.node("Sub", [length, newLength]);
  const diagonal = graph.node("Squeeze", [graph.node("Add", [earlier, graph.ints(1)])]);
  const causal = layers.maskAbove(shape, diagonal); // (s, t)
  const hidden = graph.node("Cast", [graph.node("Sub", [graph.ints(1), seen])], {
    attributes: { to: TENSOR_TYPES.float32 },
  });
  const padding = graph.node("Mul", [hidden, graph.float(MASKED)]); // (b, t)
  const mask = graph.node("Add", [graph.node("Unsqueeze", [padding, graph.ints([1, 2])]), causal]); // (b, 1, s, t)

  for (let layer = 0; layer < nLayers; layer++) {
    const past = ["key", "value"].map((kind) =>
      graph.input(`past_key_values.${layer}.${kind}`, "float32", [b, nHeads, "past_sequence_length", d]),
    );
    const present = ["key", "value"].map((kind) =>
      graph.output(`present.${layer}.${kind}`, "float32", [b, nHeads, t, d]),
    );
    x = layers.block(layer, x, (q, k, v) => {
      const [keys, values] = [k, v].map((tensor, i) =>
        graph.node("Concat", [past[i]!, tensor], { outputs: [present[i]!], attributes: { axis: 2 } }),
      ) as [string, string];
      const transposed = graph.node("Transpose", [keys], { attributes: { perm: [0, 1, 3, 2] } });
      const scores = graph.node("Add", [graph.node("MatMul", [q, transposed]), mask]); // (b, h, s, t)
      return graph.node("MatMul", [layers.softmax(scores), values]);
    });
  }
  layers.head(x);
  return graph.build(options.metadata);
}

/** The layers of a GPT as operations; both forms of the graph are made of them. */
class Layers {
  readonly #graph: GraphBuilder;
  readonly #options: GraphOptions;

  constructor(graph: GraphBuilder, options: GraphOptions) {
    this.#graph = graph;
    this.#options = options;
  }

  /** Token and position embeddings, added. */
  embed(ids: string, positions: string): string {
    const graph = this.#graph;
    const [tokens, scales] = this.#tensors("tokEmb.weight").map((table) => graph.node("Gather", [table, ids]));
    const isFloat = this.#options.quantization === "none";
    const numbers = isFloat ? tokens! : this.#toFloat(tokens!);
    const tokEmbeds = scales === undefined ? numbers : graph.node("Mul", [numbers, scales]);
    return graph.node("Add", [tokEmbeds, graph.node("Gather", [this.#weight("posEmb.weight"), positions])]);
  }

  /** A transformer block; `attend` makes (b, h, s, d) of queries, keys and values of that shape. */
  block(layer: number, x: string, attend: (q: string, k: string, v: string) => string): string {
    const graph = this.#graph;
    const { nHeads, embDim } = this.#options.config;
    const block = `trfBlocks.${layer}`;
    const qkv = this.#linear(`${block}.att.qkv`, this.#norm(`${block}.norm1`, x));
    const parts = ["query", "key", "value"].map((part) => `${block}.${part}`); // each (b, s, embDim)
    graph.node("Split", [qkv], { outputs: parts, attributes: { axis: 2, num_outputs: 3 } });
    const heads = graph.ints([0, 0, nHeads, embDim / nHeads]);
    const [q, k, v] = parts.map((part) => {
      const split = graph.node("Reshape", [part, heads]); // (b, s, h, d)
      return graph.node("Transpose", [split], { attributes: { perm: [0, 2, 1, 3] } });
    }) as [string, string, string];
    const scaled = graph.node("Mul", [q, graph.float(1 / Math.sqrt(embDim / nHeads))]);
    const context = graph.node("Transpose", [attend(scaled, k, v)], { attributes: { perm: [0, 2, 1, 3] } });
    const joined = graph.node("Reshape", [context, graph.ints([0, 0, embDim])]);
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

  /** Final normalization and output head; the output is "logits". */
  head(x: string): string {
    return this.#product("outHead.weight", this.#norm("finalNorm", x), ["logits"]);
  }

  #norm(name: string, x: string): string {
    const inputs = [x, this.#weight(`${name}.scale`), this.#weight(`${name}.shift`)];
    return this.#graph.node("LayerNormalization", inputs, { attributes: { axis: -1, epsilon: { float: 1e-5 } } });
  }

  #linear(name: string, x: string): string {
    const product = this.#product(`${name}.weight`, x);
    return this.#options.weights.has(`${name}.bias`)
      ? this.#graph.node("Add", [product, this.#weight(`${name}.bias`)])
      : product;
  }

  /** x times the transpose of a matrix of ours. */
  #product(name: string, x: string, outputs?: readonly string[]): string {
    const graph = this.#graph;
    const [weight, scale] = this.#tensors(name) as [string, string];
    const named = outputs === undefined ? {} : { outputs };
    const [out, input] = this.#options.weights.get(name)!.shape as [number, number];
    const { quantization } = this.#options;
    switch (quantization) {
      case "none":
        return graph.node("MatMul", [x, weight], named);
      case "f16":
        return graph.node("MatMul", [x, this.#toFloat(weight)], named);
      case "dynamic":
        return this.#dynamicProduct(x, weight, scale, named);
      default: {
        const bits = quantization === "int8" ? 8 : 4;
        const attributes = { K: input, N: out, bits, block_size: BLOCK, accuracy_level: INTEGER_ACTIVATIONS };
        return graph.node("MatMulNBits", [x, weight, scale], { domain: MICROSOFT, attributes, ...named });
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
