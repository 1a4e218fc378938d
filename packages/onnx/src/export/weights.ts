import type { GPTConfig } from "@scratch-llm/gpt";
import { ELEMENT_BYTES, type TensorMessage } from "../proto/messages.ts";
import { blocks, CHANNELS, type Encoding, FLOAT, HALF, ROWS } from "./encodings.ts";
import type { Quantization } from "./quantization.ts";

/** Tensors begin at whole pages, so that a file can be mapped into memory. */
const PAGE = 4096;

/** Parameters of ours that are stored together, as one tensor or as codes and scales. */
export interface Stored {
  /** The tensors' common name. */
  readonly name: string;
  /** Our parameters; the rows of one follow the rows of the one before. */
  readonly sources: readonly string[];
  /** Shape of all sources together. */
  readonly shape: readonly number[];
  readonly encoding: Encoding;
  /** What a graph says of them. */
  readonly tensors: readonly (TensorMessage & {
    readonly content: { readonly offset: number; readonly length: number };
  })[];
}

/** Encodings of a matrix in a product and of the token embedding. */
const ENCODINGS: Readonly<Record<Quantization, { readonly matrix: Encoding; readonly embedding: Encoding }>> = {
  none: { matrix: FLOAT, embedding: FLOAT },
  f16: { matrix: HALF, embedding: HALF },
  int8: { matrix: blocks(8), embedding: ROWS },
  int4: { matrix: blocks(4), embedding: ROWS },
  dynamic: { matrix: CHANNELS, embedding: ROWS },
};

/** Where each parameter of a model lies in the data file, by its stored name. */
export function planWeights(config: GPTConfig, quantization: Quantization, location: string): Map<string, Stored> {
  const { vocabSize, contextLength, embDim, nLayers, qkvBias, tieWeights = false } = config;
  const { matrix, embedding } = ENCODINGS[quantization];
  const plan = new Map<string, Stored>();
  let offset = 0;

  const add = (name: string, shape: readonly number[], encoding: Encoding, sources = [name]): void => {
    const tensors = encoding.forms(shape).map(({ suffix, type, shape: storedShape }) => {
      const length = storedShape.reduce((a, b) => a * b) * ELEMENT_BYTES[type];
      const content = { location, offset, length };
      offset = Math.ceil((offset + length) / PAGE) * PAGE;
      return { name: name + suffix, type, shape: storedShape, content };
    });
    plan.set(name, { name, sources, shape, encoding, tensors });
  };
  const addNorm = (name: string): void => {
    add(`${name}.scale`, [embDim], FLOAT);
    add(`${name}.shift`, [embDim], FLOAT);
  };

  add("tokEmb.weight", [vocabSize, embDim], embedding);
  add("posEmb.weight", [contextLength, embDim], FLOAT);
  for (let layer = 0; layer < nLayers; layer++) {
    const block = `trfBlocks.${layer}`;
    const qkv = (kind: string): string[] => ["wQuery", "wKey", "wValue"].map((part) => `${block}.att.${part}.${kind}`);
    add(`${block}.att.qkv.weight`, [3 * embDim, embDim], matrix, qkv("weight"));
    if (qkvBias) add(`${block}.att.qkv.bias`, [3 * embDim], FLOAT, qkv("bias"));
    add(`${block}.att.outProj.weight`, [embDim, embDim], matrix);
    add(`${block}.att.outProj.bias`, [embDim], FLOAT);
    add(`${block}.ff.layers.0.weight`, [4 * embDim, embDim], matrix);
    add(`${block}.ff.layers.0.bias`, [4 * embDim], FLOAT);
    add(`${block}.ff.layers.2.weight`, [embDim, 4 * embDim], matrix);
    add(`${block}.ff.layers.2.bias`, [embDim], FLOAT);
    addNorm(`${block}.norm1`);
    addNorm(`${block}.norm2`);
  }
  addNorm("finalNorm");
  if (tieWeights && matrix === embedding) plan.set("outHead.weight", plan.get("tokEmb.weight")!);
  else add("outHead.weight", [vocabSize, embDim], matrix, [tieWeights ? "tokEmb.weight" : "outHead.weight"]);
  return plan;
}

/** What rounding did to a tensor: root mean square of the error over that of the weights. */
export interface TensorError {
  /** Such as `trfBlocks.0.att.qkv.weight`: query, key and value are stored together. */
  readonly name: string;
  readonly relativeError: number;
}

/** How the data file is written. */
export interface EncodeOptions {
  /** The numbers of one of our parameters; asked for when its turn comes. */
  readonly read: (name: string) => Promise<Float32Array>;
  /** Hears of every tensor that lost accuracy. */
  readonly onTensor?: ((error: TensorError) => void) | undefined;
}

/** The bytes of the data file, one tensor at a time. */
export async function* encodeWeights(
  plan: ReadonlyMap<string, Stored>,
  { read, onTensor }: EncodeOptions,
): AsyncGenerator<Uint8Array> {
  let written = 0;
  for (const { name, sources, shape, encoding, tensors } of new Set(plan.values())) {
    const values = join(await Promise.all(sources.map(read)));
    const { bytes, squaredError } = encoding.encode(values, shape);
    if (encoding !== FLOAT) {
      const relativeError = squaredError === 0 ? 0 : Math.sqrt(squaredError / sumOfSquares(values));
      onTensor?.({ name, relativeError });
    }
    for (const [i, { content }] of tensors.entries()) {
      if (content.offset > written) yield new Uint8Array(content.offset - written);
      yield bytes[i]!;
      written = content.offset + content.length;
    }
  }
}

function join(arrays: readonly Float32Array[]): Float32Array {
  if (arrays.length === 1) return arrays[0]!;
  const all = new Float32Array(arrays.reduce((length, array) => length + array.length, 0));
  let start = 0;
  for (const array of arrays) {
    all.set(array, start);
    start += array.length;
  }
  return all;
}

function sumOfSquares(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
}
