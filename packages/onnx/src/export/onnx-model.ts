import type { GPTConfig } from "@scratch-llm/gpt";
import { encodeModel } from "../proto/encode.ts";
import { decoderGraph, standardGraph } from "./graph.ts";
import { seal, writeMetadata } from "./metadata.ts";
import type { Quantization } from "./quantization.ts";
import { encodeWeights, planWeights, type TensorError } from "./weights.ts";

/** A model whose parameters are read one after another. A `GPTModel` is one. */
export interface ExportedModel {
  readonly config: GPTConfig;
  namedParameters(): ReadonlyMap<string, { data(): Promise<ArrayLike<number>> }>;
}

/** What is exported, and how. */
export interface ExportOptions {
  readonly model: ExportedModel;
  /** Default: 32-bit floats. */
  readonly quantization?: Quantization | undefined;
  /** Hears of every tensor that lost accuracy. */
  readonly onTensor?: ((error: TensorError) => void) | undefined;
}

/** A model in the ONNX format: two graphs over one file of weights. */
export interface OnnxModel {
  /** Name of the file of weights, which lies beside the graphs. */
  readonly dataName: string;
  /** Its size in bytes. */
  readonly dataBytes: number;
  /** With the names that Hugging Face's tools know; a small file. */
  readonly standard: Uint8Array<ArrayBuffer>;
  /** What `openOnnxModel` runs, which is faster; a small file. */
  readonly decoder: Uint8Array<ArrayBuffer>;
  /** The weights, in pieces of one tensor at most. */
  data(): AsyncGenerator<Uint8Array>;
}

/** What follows a file's name, by quantisation, as transformers.js expects it. */
const SUFFIXES: Readonly<Record<Quantization, string>> = {
  none: "",
  f16: "_fp16",
  int8: "_int8",
  int4: "_q4",
  dynamic: "_quantized",
};

/** Names of the files of one quantisation. */
export const fileNames = (
  quantization: Quantization,
): { readonly standard: string; readonly decoder: string; readonly data: string } => ({
  standard: `model${SUFFIXES[quantization]}.onnx`,
  decoder: `decoder${SUFFIXES[quantization]}.onnx`,
  data: `model${SUFFIXES[quantization]}.onnx_data`,
});

/**
 * A model in the ONNX format. Weights are read, rounded and given one tensor at a time.
 *
 * @example
 * const { decoder, data } = exportOnnx({ model, quantization: "int8" });
 */
export function exportOnnx({ model, quantization = "none", onTensor }: ExportOptions): OnnxModel {
  const { config } = model;
  const { data: dataName } = fileNames(quantization);
  const weights = planWeights(config, quantization, dataName);
  const ends = [...weights.values()].flatMap(({ tensors }) =>
    tensors.map(({ content }) => content.offset + content.length),
  );
  const dataBytes = Math.max(...ends);
  const graph = (form: "standard" | "decoder"): Uint8Array<ArrayBuffer> => {
    const metadata = writeMetadata({ form, config, quantization, dataName, dataBytes });
    const write = form === "standard" ? standardGraph : decoderGraph;
    return seal(encodeModel(write({ config, quantization, weights, metadata })));
  };
  const parameters = model.namedParameters();
  const read = async (name: string): Promise<Float32Array> => (await parameters.get(name)!.data()) as Float32Array;
  return {
    dataName,
    dataBytes,
    standard: graph("standard"),
    decoder: graph("decoder"),
    data: () => encodeWeights(weights, { read, onTensor }),
  };
}
