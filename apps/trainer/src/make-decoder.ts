import { type BackendName, compile } from "@scratch-llm/backend/node";
import { CompiledDecoder, type Decoder, type GPTModel, ModelDecoder } from "@scratch-llm/gpt";

/** What decides how a model of TensorFlow.js decodes. */
export interface DecoderChoice {
  readonly backend: BackendName;
  /** One operation at a time, even where steps can be compiled. */
  readonly eager?: boolean | undefined;
}

/** The fastest decoder for a model: compiled on native TensorFlow. */
export function makeDecoder(model: GPTModel, { backend, eager = false }: DecoderChoice): Decoder {
  return backend === "native" && !eager ? new CompiledDecoder(model, { compile }) : new ModelDecoder(model);
}
