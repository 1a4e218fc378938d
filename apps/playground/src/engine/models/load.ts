import { type GPTModelFast, ModelDecoder } from "@scratch-llm/gpt";
import { nextTask } from "@scratch-llm/pretrain";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import { cloneModel, loadModelFiles } from "@scratch-llm/weights-loader";
import { EngineFault } from "../fault.ts";
import type { Host } from "../host.ts";
import type { FolderFile, LoadModel, ModelInfo, ModelSource } from "../protocol.ts";
import type { Asked } from "../serve.ts";
import { type Folder, modelFolder } from "../training/run-files.ts";
import { storedFiles } from "./hub.ts";
import { findExported, loadExported } from "./load-exported.ts";
import type { Open, Shelved } from "./shelf.ts";

/** A model with what reads and writes its tokens. */
interface Learned {
  readonly model: GPTModelFast;
  readonly tokenizer: Tokenizer;
}

/** What loading needs of the engine. */
export interface Loading extends Asked<"loadModel"> {
  readonly host: Host;
  /** What a run has learned up to now. */
  readonly learned: (run: string) => Learned;
}

/** What the page knows of a model before it is loaded. */
export type About = Pick<ModelInfo, "model" | "source">;

/** Loads a model from wherever the page says. Aborted, it frees what was loaded. */
export async function load({ model, source }: LoadModel, loading: Loading): Promise<Shelved> {
  loading.emit({ type: "progress", stage: "read", done: 0, total: 0 });
  const shelved = await loadFrom(source, { model, source: source.kind }, loading);
  try {
    await nextTask(); // what was asked meanwhile is heard now
    loading.signal.throwIfAborted();
    checkVocabulary(shelved);
    return shelved;
  } catch (error) {
    await shelved.dispose();
    throw error;
  }
}

async function loadFrom(source: ModelSource, about: About, loading: Loading): Promise<Shelved> {
  const { host, learned } = loading;
  switch (source.kind) {
    case "bundled":
      return loadFolder({ name: "model", files: await host.bundledModel() }, about, loading);
    case "stored":
      return loadFolder({ name: source.name, files: await storedFiles(source.name, host.files) }, about, loading);
    case "files":
      return loadFolder(droppedModel(source.files), about, loading);
    case "run": {
      const { model, tokenizer } = learned(source.run);
      return open({ model: cloneModel(model), tokenizer }, about);
    }
  }
}

async function loadFolder({ name, files }: Folder, about: About, loading: Loading): Promise<Shelved> {
  const exported = findExported(files);
  return exported ? loadExported(exported, about, loading) : open(await loadModelFiles(name, files), about);
}

/** The model among dropped files, as safetensors or exported. */
function droppedModel(files: readonly FolderFile[]): Folder {
  const all = new Map(files.map(({ path, content }) => [path, content]));
  return findExported(all) ? { name: "the folder", files: all } : modelFolder(files);
}

function open({ model, tokenizer }: Learned, about: About): Open {
  const { config } = model;
  const decoder = new ModelDecoder(model);
  return {
    info: { ...about, config, params: model.numParameters(), eosId: tokenizer.eosId ?? null, onnx: null },
    model,
    tokenizer,
    decoder,
    newDecoder: (options) => new ModelDecoder(model, options),
    async dispose() {
      decoder.dispose();
      model.dispose();
    },
  };
}

/** @throws EngineFault when the tokenizer knows tokens that the model does not */
function checkVocabulary({ tokenizer, info: { config } }: Shelved): void {
  if (tokenizer.vocabSize <= config.vocabSize) return;
  throw new EngineFault(
    "VOCABULARY",
    `The tokenizer has ${tokenizer.vocabSize} tokens and the model ${config.vocabSize}; take the model's own tokenizer.json.`,
  );
}
