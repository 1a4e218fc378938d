import { cloneModel, type LoadedModel, loadModelFiles } from "@scratch-llm/weights-loader";
import type { GPTModelFast } from "@scratch-llm/gpt";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import { EngineFault } from "../fault.ts";
import type { Host } from "../host.ts";
import type { FolderFile, LoadModel, ModelSource } from "../protocol.ts";
import { modelFolder } from "../training/run-files.ts";
import { storedFiles } from "./hub.ts";
import type { Shelved } from "./shelf.ts";

/** What a run has learned up to now. */
export type Learned = (run: string) => { readonly model: GPTModelFast; readonly tokenizer: Tokenizer };

/** Loads a model from wherever the page says. */
export async function load(
  { model: name, source }: LoadModel,
  host: Host,
  learned: Learned,
): Promise<Omit<Shelved, "decoder">> {
  const { model, tokenizer } = await loadFrom(source, host, learned);
  const { config } = model;
  const info = {
    model: name,
    source: source.kind,
    config,
    params: model.numParameters(),
    eosId: tokenizer.eosId ?? null,
  };
  return { info, model, tokenizer };
}

async function loadFrom(
  source: ModelSource,
  host: Host,
  learned: Learned,
): Promise<Pick<LoadedModel, "model" | "tokenizer">> {
  switch (source.kind) {
    case "bundled":
      return checked(await loadModelFiles("model", await host.bundledModel()));
    case "stored":
      return checked(await loadModelFiles(source.name, await storedFiles(source.name, host.files)));
    case "files":
      return checked(await loadDropped(source.files));
    case "run": {
      const { model, tokenizer } = learned(source.run);
      return { model: cloneModel(model), tokenizer };
    }
  }
}

function loadDropped(files: readonly FolderFile[]): Promise<LoadedModel> {
  const { name, files: inFolder } = modelFolder(files);
  return loadModelFiles(name, inFolder);
}

/** @throws EngineFault when the tokenizer knows tokens that the model does not */
function checked(loaded: LoadedModel): LoadedModel {
  const { model, tokenizer, config } = loaded;
  if (tokenizer.vocabSize <= config.vocabSize) return loaded;
  model.dispose();
  throw new EngineFault(
    "VOCABULARY",
    `The tokenizer has ${tokenizer.vocabSize} tokens and the model ${config.vocabSize}; take the model's own tokenizer.json.`,
  );
}
