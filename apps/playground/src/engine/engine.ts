import type { GenerateOptions } from "@scratch-llm/gpt";
import * as tf from "@tensorflow/tfjs";
import { climb, type Started, statusOf } from "./backend-ladder.ts";
import { EngineFault } from "./fault.ts";
import type { Host } from "./host.ts";
import { attention } from "./look/attention.ts";
import { traceBlock } from "./look/block.ts";
import { embeddingPlane, embeddingSum, neighbours } from "./look/embeddings.ts";
import { nextTokenLogits } from "./look/next-token.ts";
import { encode, tokensOf, vocabulary } from "./look/tokens.ts";
import { deleteStored, describeDownload, download, storage } from "./models/hub.ts";
import { load } from "./models/load.ts";
import { Shelf } from "./models/shelf.ts";
import type { Generate } from "./protocol.ts";
import type { Handlers } from "./serve.ts";
import { beginRun } from "./training/pretraining-run.ts";
import { openRun, saveRun } from "./training/run-folder.ts";
import { runFolder } from "./training/run-files.ts";
import { Runs } from "./training/runs.ts";
import { readTexts } from "./training/texts.ts";
import { beginClassifier } from "./tuning/classifier-run.ts";
import { beginInstruct } from "./tuning/instruct-run.ts";
import { writeWith } from "./writing.ts";

/** Everything the page can ask for, over one backend. */
export function createEngine(host: Host): Handlers {
  const shelf = new Shelf();
  const runs = new Runs();
  let started: Started | undefined;
  const status = (): ReturnType<typeof statusOf> => {
    if (started) return statusOf(started);
    throw new EngineFault("NOT_STARTED", "No backend has been brought up yet.");
  };
  return {
    async start({ backend }) {
      started = await climb(backend, host);
      return status();
    },
    status: async () => status(),

    async loadModel(params, asked) {
      const loading = load(params, { host, learned: (run) => runs.get(run), ...asked });
      return (await shelf.put(params.model, loading)).info;
    },
    async unloadModel({ model }) {
      await shelf.remove(model);
      return null;
    },
    describeDownload: (model, { signal }) => describeDownload(model, host.files, signal),
    download: (model, asked) => download(model, { ...host, ...asked }),
    storedModels: () => storage(host.files),
    async deleteStored({ name }) {
      await deleteStored(name, host.files);
      return storage(host.files);
    },

    async encode({ model, text }) {
      const { tokenizer } = await shelf.get(model);
      return encode(tokenizer, text);
    },
    tokens: async ({ model, ids }) => tokensOf((await shelf.get(model)).tokenizer, ids),
    async vocabulary({ model: name }) {
      const { tokenizer, info } = await shelf.get(name);
      return vocabulary(tokenizer, info.config.vocabSize);
    },
    nextToken: async ({ model, ids }) => nextTokenLogits(await shelf.get(model), ids),
    attention: async ({ model, ids, causal }) => attention(await shelf.open(model), ids, causal),
    block: async ({ model, ids, ...where }) => traceBlock(await shelf.open(model), ids, where),
    embeddings: async ({ model, ids }) => embeddingSum(await shelf.open(model), ids),
    neighbours: async ({ model, id, count }) => neighbours(await shelf.open(model), id, count),
    plane: async ({ model, ids }) => embeddingPlane(await shelf.open(model), ids),

    async generate(params, asked) {
      const shelved = await shelf.get(params.model);
      const { tokenizer } = shelved;
      const promptIds = typeof params.prompt === "string" ? encode(tokenizer, params.prompt) : params.prompt;
      return writeWith(shelved, params.useCache ?? true, {
        tokenizer,
        promptIds,
        options: optionsOf(params),
        ...asked,
      });
    },

    async newRun({ run, settings, text }, { emit }) {
      const begun = await beginRun(run, settings, await readTexts(text, host), emit);
      runs.put(run, begun);
      return begun.info;
    },
    async openRun({ run: name, files }) {
      const { run, history } = await openRun(name, runFolder(files), host);
      runs.put(name, run, history);
      return { ...run.info, history };
    },
    async newTuning(request) {
      const shelved = await shelf.open(request.model);
      const begin = request.task === "classify" ? beginClassifier : beginInstruct;
      const begun = await begin(request, shelved, host);
      runs.put(request.run, begun);
      return begun.info;
    },
    train: ({ run, steps }, asked) => runs.train(run, steps, asked),
    saveRun: async ({ run }) => saveRun(runs.pretraining(run), runs.history(run)),
    async endRun({ run }) {
      await runs.end(run);
      return null;
    },
    classify: async ({ run, text }) => runs.classifier(run).classify(text),
    respond: async (params, asked) => runs.instruct(params.run).respond(params, asked),
  };
}

/**
 * Tells when the graphics device of a WebGPU backend is gone, for nothing will work any more; or has refused an operation,
 * for TensorFlow.js does not notice and goes on with wrong numbers.
 */
export function onDeviceLost(tell: (reason: string) => void): void {
  const { device } = tf.backend() as { device?: GPUDevice };
  void device?.lost.then(({ reason, message }) => tell(`${reason}: ${message}`));
  device?.addEventListener("uncapturederror", ({ error }) => tell(error.message), { once: true });
}

function optionsOf({ sampling, seed, maxNewTokens, stop }: Generate): GenerateOptions {
  return { ...sampling, seed, maxNewTokens, ...(stop && { stopStrings: stop }) };
}
