import { toBookName, type GPTConfig } from "@scratch-llm/gpt";
import { WeightsError } from "./errors.ts";

/**
 * Forms in which GPT-2's weights are published.
 * - `book`: the book's own state dict (`tok_emb.weight`), weights [out, in], query, key and value apart
 * - `hf`: Hugging Face transformers (`transformer.wte.weight`), weights [in, out], query, key and value in one
 * - `openai`: OpenAI's TensorFlow checkpoint (`model/wte`), like `hf` with a leading 1 in the shape of every [in, out]
 * - `gguf`: llama.cpp (`token_embd.weight`), weights [out, in], query, key and value in one; written only
 */
export type WeightFormat = "book" | "hf" | "openai" | "gguf";

/** One tensor, or one per layer where the names have a `*`: its shape and its name in every format. */
export interface TensorRow {
  readonly ours: string;
  /** `v` vocabulary, `t` context, `e` embedding; `out×in` is a matrix that GPT-2's own code keeps as [in, out]. */
  readonly shape: string;
  /** Which third of the tensor it is where query, key and value are one: 0, 1, 2. */
  readonly part: 0 | 1 | 2 | undefined;
  /** OpenAI's checkpoints have no head: it is the token embedding. */
  readonly names: Readonly<Record<WeightFormat, string | undefined>>;
}

// One line per tensor, in the order of the state dict. The book's name follows from ours.
const TABLE = `
  ours                             shape  part  hf                      openai                  gguf
  tokEmb.weight                    v,e    -     wte.weight              model/wte               token_embd.weight
  posEmb.weight                    t,e    -     wpe.weight              model/wpe               position_embd.weight
  trfBlocks.*.att.wQuery.weight    e×e    0     h.*.attn.c_attn.weight  model/h*/attn/c_attn/w  blk.*.attn_qkv.weight
  trfBlocks.*.att.wQuery.bias      e      0     h.*.attn.c_attn.bias    model/h*/attn/c_attn/b  blk.*.attn_qkv.bias
  trfBlocks.*.att.wKey.weight      e×e    1     h.*.attn.c_attn.weight  model/h*/attn/c_attn/w  blk.*.attn_qkv.weight
  trfBlocks.*.att.wKey.bias        e      1     h.*.attn.c_attn.bias    model/h*/attn/c_attn/b  blk.*.attn_qkv.bias
  trfBlocks.*.att.wValue.weight    e×e    2     h.*.attn.c_attn.weight  model/h*/attn/c_attn/w  blk.*.attn_qkv.weight
  trfBlocks.*.att.wValue.bias      e      2     h.*.attn.c_attn.bias    model/h*/attn/c_attn/b  blk.*.attn_qkv.bias
  trfBlocks.*.att.outProj.weight   e×e    -     h.*.attn.c_proj.weight  model/h*/attn/c_proj/w  blk.*.attn_output.weight
  trfBlocks.*.att.outProj.bias     e      -     h.*.attn.c_proj.bias    model/h*/attn/c_proj/b  blk.*.attn_output.bias
  trfBlocks.*.ff.layers.0.weight   4e×e   -     h.*.mlp.c_fc.weight     model/h*/mlp/c_fc/w     blk.*.ffn_up.weight
  trfBlocks.*.ff.layers.0.bias     4e     -     h.*.mlp.c_fc.bias       model/h*/mlp/c_fc/b     blk.*.ffn_up.bias
  trfBlocks.*.ff.layers.2.weight   e×4e   -     h.*.mlp.c_proj.weight   model/h*/mlp/c_proj/w   blk.*.ffn_down.weight
  trfBlocks.*.ff.layers.2.bias     e      -     h.*.mlp.c_proj.bias     model/h*/mlp/c_proj/b   blk.*.ffn_down.bias
  trfBlocks.*.norm1.scale          e      -     h.*.ln_1.weight         model/h*/ln_1/g         blk.*.attn_norm.weight
  trfBlocks.*.norm1.shift          e      -     h.*.ln_1.bias           model/h*/ln_1/b         blk.*.attn_norm.bias
  trfBlocks.*.norm2.scale          e      -     h.*.ln_2.weight         model/h*/ln_2/g         blk.*.ffn_norm.weight
  trfBlocks.*.norm2.shift          e      -     h.*.ln_2.bias           model/h*/ln_2/b         blk.*.ffn_norm.bias
  finalNorm.scale                  e      -     ln_f.weight             model/ln_f/g            output_norm.weight
  finalNorm.shift                  e      -     ln_f.bias               model/ln_f/b            output_norm.bias
  outHead.weight                   v,e    -     lm_head.weight          -                       output.weight
`;

/** What is particular to a format. */
export interface FormatRules {
  /** Order of the axes of `out×in` matrices. */
  readonly matrix: "out,in" | "in,out" | "1,in,out";
  /** Whether query, key and value are one tensor. */
  readonly merged: boolean;
  /** Whether a model without query, key and value biases is written with biases of zero. */
  readonly zeroBias: boolean;
  /** Whether a head that is the token embedding is written again. */
  readonly tiedHead: boolean;
  /** Stands before every name but the head's; files without it are read too. */
  readonly prefix: string;
  /** Buffers that older files hold and nobody needs: the causal mask and the number that stood for −∞. */
  readonly dropped: readonly string[];
}

export const FORMATS: Readonly<Record<WeightFormat, FormatRules>> = {
  book: {
    matrix: "out,in",
    merged: false,
    zeroBias: false,
    tiedHead: true,
    prefix: "",
    dropped: ["trf_blocks.*.att.mask"],
  },
  hf: {
    matrix: "in,out",
    merged: true,
    zeroBias: true,
    tiedHead: false,
    prefix: "transformer.",
    dropped: ["h.*.attn.bias", "h.*.attn.masked_bias"],
  },
  openai: { matrix: "1,in,out", merged: true, zeroBias: true, tiedHead: false, prefix: "", dropped: [] },
  gguf: { matrix: "out,in", merged: true, zeroBias: true, tiedHead: false, prefix: "", dropped: [] },
};

/** All tensors of a GPT-2, in the order of the state dict. */
export const TENSOR_ROWS: readonly TensorRow[] = TABLE.trim().split("\n").slice(1).map(parseRow);

function parseRow(line: string): TensorRow {
  const [ours, shape, part, hf, openai, gguf] = line
    .trim()
    .split(/\s+/)
    .map((cell) => (cell === "-" ? undefined : cell));
  if (ours === undefined || shape === undefined) throw new TypeError(`Not a row of the table: ${line}`);
  const names = { book: toBookName(ours), hf, openai, gguf };
  return { ours, shape, part: part === undefined ? undefined : (Number(part) as 0 | 1 | 2), names };
}

/** Every row once per layer, with the layer's number for `*` in our name and theirs. */
export function expandRows(
  config: GPTConfig,
  format: WeightFormat,
): { readonly row: TensorRow; readonly ours: string; readonly theirs: string | undefined }[] {
  return TENSOR_ROWS.flatMap((row) => {
    const layers = row.ours.includes("*") ? config.nLayers : 1;
    return Array.from({ length: layers }, (_, layer) => ({
      row,
      ours: row.ours.replace("*", String(layer)),
      theirs: row.names[format]?.replace("*", String(layer)),
    }));
  });
}

/** Whether the model of this configuration has the parameter: query, key and value biases and a separate head are optional. */
export function hasParameter({ ours, part, shape }: TensorRow, config: GPTConfig): boolean {
  if (ours === "outHead.weight") return config.tieWeights !== true;
  return part === undefined || shape !== "e" || config.qkvBias;
}

/** Whose names a safetensors file has. @throws {WeightsError} `FORMAT_UNKNOWN` */
export function formatOf(tensors: ReadonlyMap<string, unknown>, file: string): "hf" | "book" {
  if (tensors.has("tok_emb.weight")) return "book";
  if (tensors.has("wte.weight") || tensors.has("transformer.wte.weight")) return "hf";
  const some = [...tensors.keys()].slice(0, 3).join(", ");
  throw new WeightsError("FORMAT_UNKNOWN", `${file} has no GPT-2's token embedding (its tensors: ${some} …).`);
}
