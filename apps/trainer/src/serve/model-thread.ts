import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { SlotDecoder } from "@scratch-llm/gpt";
import { loadTokenizer, type Tokenizer } from "@scratch-llm/tokenizer";
import { TrainerError } from "../errors.ts";
import { whenInterrupted } from "../interrupt.ts";
import type { ModelAnswer, ModelFacts, ModelRequest, ModelTask } from "./model-task.ts";

/** A model that runs in a thread of its own. */
export interface ThreadedModel {
  readonly tokenizer: Tokenizer;
  /** To dispose of it ends the thread. */
  readonly decoder: SlotDecoder;
  /** Rejects when the thread ends before its time, as when memory runs out. */
  readonly lost: Promise<never>;
}

/**
 * Opens a model in a thread. Reading a long prompt and a large model's step take their time; meanwhile the server answers who
 * asks for its health, sees who goes away, and sends what is ready.
 *
 * @throws what opening the model throws
 * @throws {TrainerError} `INTERRUPTED` after Ctrl-C
 */
export async function openModelThread(task: ModelTask): Promise<ThreadedModel> {
  const { messages, maxSlots } = task;
  const worker = new Worker(new URL("./model-worker.js", import.meta.url), { workerData: task });
  const ended = new AbortController();
  const lost = new Promise<never>((_, reject) => {
    worker.once("error", reject);
    worker.once("exit", () => {
      reject(new TrainerError("MODEL_THREAD", messages.serve.lost));
      ended.abort();
    });
  });
  lost.catch(() => {}); // whoever waits for an answer hears of it
  const answer = async <T>(): Promise<T> => {
    // No race with `lost`: that would keep every answer for as long as the thread lives.
    const [said] = (await once(worker, "message", ended).catch(() => lost)) as [ModelAnswer];
    if ("error" in said) throw Object.assign(new Error(said.error.message), said.error);
    return said.value as T;
  };
  const send = (request: ModelRequest): void => worker.postMessage(request, []);
  const ask = <T>(request: ModelRequest): Promise<T> => {
    send(request);
    return answer<T>();
  };
  const stopped = whenInterrupted().then(() => {
    throw new TrainerError("INTERRUPTED", messages.serve.stopped);
  });
  try {
    const { tokenizer, contextLength, vocabSize, logits } = await Promise.race([answer<ModelFacts>(), stopped]);
    const size = vocabSize * Float32Array.BYTES_PER_ELEMENT;
    const rows = Array.from({ length: maxSlots }, (_, i) => new Float32Array(logits, i * size, vocabSize));
    const decoder: SlotDecoder = {
      contextLength,
      vocabSize,
      maxSlots,
      async step(tokens) {
        await ask({ type: "step", tokens });
        return rows.slice(0, tokens.length);
      },
      release: (slot) => send({ type: "release", slot }),
      async dispose() {
        await ask({ type: "dispose" });
        worker.removeAllListeners("exit");
        await worker.terminate();
      },
    };
    return { tokenizer: loadTokenizer(tokenizer), decoder, lost };
  } catch (error) {
    await worker.terminate();
    throw error;
  }
}
