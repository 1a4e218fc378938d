import { parentPort, workerData } from "node:worker_threads";
import type { SlotDecoder, SlotTokens } from "@scratch-llm/gpt";
import { describeError } from "../errors.ts";
import { type OpenedModel, openModel } from "../open-model.ts";
import { Output } from "../output.ts";
import type { ModelAnswer, ModelFacts, ModelRequest, ModelTask } from "./model-task.ts";

/** The thread of `openModelThread`: opens a model and answers one request after the other. */
const { path, flags, maxSlots, backend, messages, output } = workerData as ModelTask;
let opened: OpenedModel;
let slots: SlotDecoder;
let logits: Float32Array;

async function open(): Promise<ModelFacts> {
  opened = await openModel(path, flags, { backend, messages, output: new Output(output) });
  slots = opened.slots(maxSlots);
  const { contextLength, vocabSize } = slots;
  const shared = new SharedArrayBuffer(maxSlots * vocabSize * Float32Array.BYTES_PER_ELEMENT);
  logits = new Float32Array(shared);
  return { tokenizer: opened.tokenizer.toJSON(), contextLength, vocabSize, logits: shared };
}

async function step(tokens: readonly SlotTokens[]): Promise<void> {
  for (const [i, row] of (await slots.step(tokens)).entries()) logits.set(row, i * slots.vocabSize);
}

async function dispose(): Promise<void> {
  await slots.dispose();
  await opened.dispose();
}

async function answer(work: Promise<unknown>): Promise<void> {
  let said: ModelAnswer;
  try {
    said = { value: await work };
  } catch (error) {
    const { code, message } = describeError(error);
    said = { error: { code, message, stack: error instanceof Error ? error.stack : undefined } };
  }
  parentPort?.postMessage(said, []);
}

parentPort?.on("message", (request: ModelRequest) => {
  if (request.type === "release") slots.release(request.slot);
  else if (request.type === "step") void answer(step(request.tokens));
  else void answer(dispose());
});
await answer(open());
