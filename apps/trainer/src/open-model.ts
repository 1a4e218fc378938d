import { type Decoder, DecoderSlots, ModelDecoder, type SlotDecoder } from "@scratch-llm/gpt";
import { OnnxDecoder, OnnxSlots } from "@scratch-llm/onnx";
import { findDecoder, hasOnnxRuntime, openOnnxModel } from "@scratch-llm/onnx/node";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import { readTokenizer } from "@scratch-llm/weights-loader";
import { loadModelFolder, textsOf } from "@scratch-llm/weights-loader/node";
import { bringUpBackend } from "./bring-up.ts";
import { TrainerError } from "./errors.ts";
import { exportedFolder, folderOf, type QuantizeChoice } from "./exported-model.ts";
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

/**
 * Opens a model to write with, on the fastest runtime that is there, and says which.
 * @throws {TrainerError} `USAGE` when the flags contradict one another, `RUNTIME_MISSING` where they need what is not installed
 */
export async function openModel(path: string, flags: RuntimeFlags, context: Context): Promise<OpenedModel> {
  const { runtime, quantize, eager } = flags;
  const { messages, backend } = context;
  const flag = (name: string, value: string | undefined): string | undefined => value && `--${name} ${value}`;
  const isDeployed = findDecoder(path) !== undefined;
  const onnx =
    flag("runtime", runtime === "onnx" ? runtime : undefined) ??
    flag("quantize", quantize === "none" ? undefined : quantize) ??
    (isDeployed ? path : undefined);
  const tfjs =
    flag("runtime", runtime === "tfjs" ? runtime : undefined) ??
    (eager ? "--eager" : flag("backend", backend === "auto" ? undefined : backend));
  if (onnx !== undefined && tfjs !== undefined) {
    throw new TrainerError("USAGE", fill(messages.runtime.conflict, { onnx, tfjs }));
  }
  if (tfjs !== undefined) return openTensorFlow(path, flags, context);
  if (await hasOnnxRuntime()) return openOnnx(path, { isDeployed, quantize }, context);
  if (onnx === undefined) return openTensorFlow(path, flags, context);
  throw new TrainerError("RUNTIME_MISSING", fill(messages.runtime.missing, { onnx }));
}

async function openOnnx(
  path: string,
  { isDeployed, quantize }: { readonly isDeployed: boolean; readonly quantize: QuantizeChoice },
  context: Context,
): Promise<OpenedModel> {
  const { output, messages } = context;
  const folder = isDeployed ? path : await exportedFolder(path, quantize, context);
  const home = folderOf(folder);
  // Before the weights, which take their time. The folder brings its own tokenizer: no size of a vocabulary stands for one.
  const tokenizer = await readTokenizer(home, 0, textsOf(home));
  const session = await openOnnxModel(folder);
  const { quantization } = session;
  if (quantize !== "none" && quantize !== quantization) {
    await session.dispose();
    throw new TrainerError("USAGE", fill(messages.runtime.quantizedAlready, { path, quantization }));
  }
  output.note(fill(messages.runtime.onnx, { weights: messages.runtime.weights[quantization] }));
  output.event({ type: "runtime", runtime: "onnx", quantize: quantization });
  return {
    tokenizer,
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
  output.note(fill(messages.runtime.tfjs, { backend: name }));
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
