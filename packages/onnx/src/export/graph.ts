import type { ModelMessage } from "../proto/messages.ts";
import { TENSOR_TYPES } from "../proto/messages.ts";
import { GraphBuilder } from "./graph-builder.ts";
import { GraphLayers, type LayerOptions, MASKED } from "./graph-layers.ts";

/** What a graph is written from. */
interface GraphOptions extends LayerOptions {
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
  const layers = new GraphLayers(graph, options, ["b", "s"]);
  let x = layers.embed();
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
    const lastOnly = layer === nLayers - 1; // keys and values are wanted of all tokens, but logits of each row's last
    x = layers.block(layer, x, { lastOnly }, (q, k, v) => {
      graph.output(`new_key.${layer}`, "float32", ["b", nHeads, d, "s"]);
      graph.output(`new_value.${layer}`, "float32", ["b", nHeads, "s", d]);
      graph.node("Identity", [v], { outputs: [`new_value.${layer}`] });
      const toPast = graph.node("Add", [graph.node("MatMul", [q, pastKey]), bias]);
      const newKey = graph.node("Transpose", [k], {
        attributes: { perm: [0, 1, 3, 2] },
        outputs: [`new_key.${layer}`],
      });
      const products = graph.node("MatMul", [q, newKey]);
      const toNew = lastOnly ? products : graph.node("Add", [products, causal]);
      const weights = layers.softmax(graph.node("Concat", [toPast, toNew], { attributes: { axis: 3 } })); // (b, h, s, p + s)
      const [ofPast, ofNew] = [`past_weights.${layer}`, `new_weights.${layer}`];
      graph.node("Split", [weights, lengths], { outputs: [ofPast, ofNew], attributes: { axis: 3 } });
      return graph.node("Add", [graph.node("MatMul", [ofPast, pastValue]), graph.node("MatMul", [ofNew, v])]);
    });
  }
  layers.head(x, ["logits"]);
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
  const layers = new GraphLayers(graph, options, [b, s]);
  const seen = graph.input("attention_mask", "int64", [b, t]);
  let x = layers.embed();
  graph.output("logits", "float32", [b, s, vocabSize]);

  const newLength = graph.node("Shape", ["input_ids"], { attributes: { start: 1, end: 2 } });
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
    x = layers.block(layer, x, {}, (q, k, v) => {
      const [keys, values] = [k, v].map((tensor, i) =>
        graph.node("Concat", [past[i]!, tensor], { outputs: [present[i]!], attributes: { axis: 2 } }),
      ) as [string, string];
      const transposed = graph.node("Transpose", [keys], { attributes: { perm: [0, 1, 3, 2] } });
      const scores = graph.node("Add", [graph.node("MatMul", [q, transposed]), mask]); // (b, h, s, t)
      return graph.node("MatMul", [layers.softmax(scores), values]);
    });
  }
  graph.node("Reshape", [layers.head(x), layers.shape(vocabSize)], { outputs: ["logits"] });
  return graph.build(options.metadata);
}
