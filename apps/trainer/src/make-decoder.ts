import { setImmediate } from "node:timers/promises";
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
  return withTurns(backend === "native" && !eager ? new CompiledDecoder(model, { compile }) : new ModelDecoder(model));
}

/** Gives the event loop its turn before every step: TensorFlow.js's promises never do, and Ctrl-C would not be seen. */
function withTurns(decoder: Decoder): Decoder {
  return {
    contextLength: decoder.contextLength,
    vocabSize: decoder.vocabSize,
    prefill: (rows) => decoder.prefill(rows),
    async step(ids) {
      await setImmediate();
      return decoder.step(ids);
    },
    select: (rows) => decoder.select(rows),
    truncate: (n) => decoder.truncate(n),
    dispose: () => decoder.dispose(),
  };
}
