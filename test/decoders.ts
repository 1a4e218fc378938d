import { type Decoder, CompiledDecoder, type GPTModel, ModelDecoder } from "@scratch-llm/gpt";
import { identityCompile } from "@scratch-llm/nn";
import { compile } from "../packages/backend/src/node.ts";

/** Makes a decoder, which every test of decoders must hold for. */
export type MakeDecoder = (model: GPTModel, options?: { readonly chunkSize?: number }) => Decoder;

/** Every way to decode with a model. */
export const DECODERS: Readonly<Record<string, MakeDecoder>> = {
  "one operation at a time": (model, options) => new ModelDecoder(model, options),
  "ready to compile": (model, options) =>
    new CompiledDecoder(model, { compile: identityCompile, warmup: Infinity, ...options }),
  "padded, not compiled": (model, options) =>
    new CompiledDecoder(model, { compile: identityCompile, warmup: 0, ...options }),
  compiled: (model, options) => new CompiledDecoder(model, { compile, warmup: 0, ...options }),
  "compiled later": (model, options) => new CompiledDecoder(model, { compile, warmup: 2, ...options }),
};
