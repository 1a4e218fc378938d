import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Decoder, DecoderSlots, ModelDecoder, type SlotDecoder } from "@scratch-llm/gpt";
import { OnnxDecoder, OnnxSlots } from "@scratch-llm/onnx";
import { findDecoder, hasOnnxRuntime, openOnnxModel } from "@scratch-llm/onnx/node";
import { loadTokenizer, type Tokenizer } from "@scratch-llm/tokenizer";
import { loadModelFolder } from "@scratch-llm/weights-loader/node";
import { bringUpBackend } from "./bring-up.ts";
import { TrainerError } from "./errors.ts";
import { exportedFolder, type QuantizeChoice } from "./exported-model.ts";
import type { Context } from "./flags.ts";
import { makeDecoder } from "./make-decoder.ts";
import { fill } from "./messages/messages.ts";

/** The flags that say what a model runs on. */
export interface RuntimeFlags {
  /** Default: ONNX Runtime where it is installed and no backend of TensorFlow.js is asked for. */
  readonly runtime?: "onnx" | "tfjs";
  readonly quantize: QuantizeChoice;
  /** On TensorFlow.js, one operation at a time. */
  readonly eager?: boolean;
}

/** A model that is ready to write. */
export interface OpenedModel {
  readonly tokenizer: Tokenizer;
  /** For one user at a time. */
  readonly decoder: Decoder;
  /** For many at a time, in place of `decoder`. */
  slots(maxSlots: number): SlotDecoder;
  dispose(): Promise<void>;
}

/** Opens a model to write with, on the fastest runtime that is there, and says which. */
export async function openModel(path: string, flags: RuntimeFlags, context: Context): Promise<OpenedModel> {
  const { output, messages, backend } = context;
  if (flags.runtime === "tfjs" && flags.quantize !== "none") {
    throw new TrainerError("USAGE", messages.runtime.quantizeNeedsOnnx);
  }
  const isDeployed = findDecoder(path) !== undefined;
  const wantsOnnx = flags.runtime === "onnx" || isDeployed || flags.quantize !== "none";
  const mayUseOnnx = flags.runtime === undefined && !flags.eager && backend === "auto" && (await hasOnnxRuntime());
  if (!wantsOnnx && !mayUseOnnx) return openTensorFlow(path, flags, context);
  const folder = isDeployed ? path : await exportedFolder(path, flags.quantize, context);
  const session = await openOnnxModel(folder);
  output.note(fill(messages.runtime.onnx, { weights: messages.runtime.weights[session.quantization] }));
  output.event({ type: "runtime", runtime: "onnx", quantize: session.quantization });
  return {
    tokenizer: loadTokenizer(JSON.parse(await readFile(join(folder, "tokenizer.json"), "utf8")) as object),
    decoder: new OnnxDecoder(session),
    slots: (maxSlots) => new OnnxSlots(session, { maxSlots }),
    dispose: () => session.dispose(),
  };
}

async function openTensorFlow(
  path: string,
  { eager }: RuntimeFlags,
  { output, messages, backend }: Context,
): Promise<OpenedModel> {
  const { name } = await bringUpBackend(backend, output, messages);
  const { model, tokenizer } = await loadModelFolder(path);
  model.eval();
  output.event({ type: "runtime", runtime: "tfjs", backend: name });
  const decoder = makeDecoder(model, { backend: name, eager });
  return {
    tokenizer,
    decoder,
    slots: (maxSlots) => new DecoderSlots({ create: () => new ModelDecoder(model), maxSlots }),
    async dispose() {
      decoder.dispose();
      model.dispose();
    },
  };
}
