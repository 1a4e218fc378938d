import { softmax } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import { EngineFault } from "../fault.ts";
import type { Open } from "../models/shelf.ts";
import type { BlockStage, BlockTrace } from "../protocol.ts";
import { readAll, rowOf, shownOf } from "./inputs.ts";
import { tokensOf } from "./tokens.ts";

/** A step through one block for one of the shown tokens, the last where there are fewer, with every number between the layers (book section 4.5). */
export async function traceBlock(
  shelved: Open,
  ids: Int32Array,
  { block, token }: { readonly block: number; readonly token: number },
): Promise<BlockTrace> {
  const { model, tokenizer } = shelved;
  const shown = shownOf(ids, shelved);
  const index = Math.min(token, shown.ids.length - 1);
  const { length } = model.trfBlocks;
  if (!model.trfBlocks[block]) throw new EngineFault("NO_BLOCK", `There is no block ${block} among the ${length}.`);
  const stages = tf.tidy(() =>
    trace(shelved, shown.ids, { block, row: index }).map(([name, value]) => [name, tf.keep(value)] as const),
  );
  const shapes = stages.map(([, value]) => value.shape);
  const values = await readAll(stages.map(([, value]) => value));
  return {
    tokens: tokensOf(tokenizer, shown.ids),
    first: shown.first,
    index,
    stages: stages.map(([name], i) => ({ name, shape: shapes[i]!, values: values[i]! })),
  };
}

/** The block's forward pass, written out. Letters: t tokens, e width, h heads, d = e / h. */
function trace(
  shelved: Open,
  ids: Int32Array,
  { block, row }: { readonly block: number; readonly row: number },
): [BlockStage, tf.Tensor][] {
  const { model } = shelved;
  const { nHeads: h, embDim: e } = model.config;
  const d = e / h;
  const { att, ff, norm1, norm2 } = model.trfBlocks[block]!;
  const x = blockInput(shelved, ids, block); // (t, e)
  const normed = norm1.forward(x);
  const heads = (all: tf.Tensor): tf.Tensor3D => all.reshape([-1, h, d]).transpose([1, 0, 2]); // (t, e) → (h, t, d)
  const at = (all: tf.Tensor): tf.Tensor2D => heads(all).slice([0, row, 0], [h, 1, d]).reshape([h, d]);

  const [queries, keys, values] = [att.wQuery, att.wKey, att.wValue].map((layer) => layer.forward(normed)) as [
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
  ];
  const upToHere = (all: tf.Tensor): tf.Tensor3D => heads(all).slice([0, 0, 0], [h, row + 1, d]);
  const query = at(queries).expandDims<tf.Tensor3D>(1); // (h, 1, d)
  const scores = query.matMul(upToHere(keys), false, true).div(Math.sqrt(d)); // (h, 1, row + 1)
  const weights = softmax(scores);
  const context = weights.matMul(upToHere(values)).reshape([h, d]);
  const mixed = att.outProj.forward(context.reshape([1, e])); // GPT-2's c_proj
  const input = x.slice([row, 0], [1, e]);
  const shortcut1 = input.add(mixed);
  const normed2 = norm2.forward(shortcut1);
  const [expand, gelu, contract] = [ff.layers[0], ff.layers[1], ff.layers[2]] as const;
  const expanded = expand!.forward(normed2);
  const activated = gelu!.forward(expanded);
  const contracted = contract!.forward(activated);
  const flat = (value: tf.Tensor): tf.Tensor => value.reshape([value.size]);
  return [
    ["input", flat(input)],
    ["norm1", flat(normed.slice([row, 0], [1, e]))],
    ["query", at(queries)],
    ["key", at(keys)],
    ["value", at(values)],
    ["scores", scores.reshape([h, row + 1])],
    ["weights", weights.reshape([h, row + 1])],
    ["context", context],
    ["outProj", flat(mixed)],
    ["shortcut1", flat(shortcut1)],
    ["norm2", flat(normed2)],
    ["expand", flat(expanded)],
    ["gelu", flat(activated)],
    ["contract", flat(contracted)],
    ["output", flat(shortcut1.add(contracted))],
  ];
}

/** What flows into a block, (t, e). */
function blockInput(shelved: Open, ids: Int32Array, block: number): tf.Tensor2D {
  let found: tf.Tensor | undefined;
  const tap = (name: string, value: tf.Tensor): void => {
    if (name === `trfBlocks.${block}.input`) found = value;
  };
  shelved.model.forward(rowOf(ids, shelved), { tap, lastOnly: true });
  return found!.squeeze<tf.Tensor2D>([0]);
}
