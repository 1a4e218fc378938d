import { join } from "node:path";
import { addClassHead, type ClassifierSettings } from "@scratch-llm/finetune-classifier";
import type { GPTModelFast } from "@scratch-llm/gpt";
import { Generator } from "@scratch-llm/nn";
import { fromFloat32 } from "@scratch-llm/safetensors";
import { openSafetensors } from "@scratch-llm/safetensors/node";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import { loadModelFolder, saveHuggingFaceFolder } from "@scratch-llm/weights-loader/node";
import * as tf from "@tensorflow/tfjs";
import { TrainerError } from "../errors.ts";
import { CLASSIFIER_KEY, readClassifierSettings } from "./classifier-settings.ts";
import { foldBias } from "./fold-bias.ts";
import { mergedModel } from "./merged-model.ts";
import { readVariables, writeVariables } from "./saved-variables.ts";
import { trainableParameters } from "./tuned-model.ts";

/** A classifier with all that is needed to use it. Dispose of the model. */
export interface Classifier {
  readonly model: GPTModelFast;
  readonly tokenizer: Tokenizer;
  readonly settings: ClassifierSettings;
}

/** The head, as transformers' `GPT2ForSequenceClassification` calls it. */
const HEAD = "score.weight";
/** What a run that goes on needs to the bit and `model.safetensors` does not have: head, final shift, LoRA layers. */
const EXACT_FILE = "classifier.safetensors";

/**
 * Saves a classifier as a folder that transformers loads as `GPT2ForSequenceClassification` and {@link loadClassifier} as
 * well. That class has a head without bias, and the bias of ours goes into the shift of the final normalization: the logits
 * are the same. LoRA layers are merged.
 */
export async function saveClassifier(folder: string, { model, tokenizer, settings }: Classifier): Promise<void> {
  const merged = mergedModel(model);
  const parameters = new Map(merged.namedParameters());
  const valuesOf = async (name: string): Promise<Float32Array> => (await parameters.get(name)!.data()) as Float32Array;
  const [weight, bias] = [await valuesOf("outHead.weight"), await valuesOf("outHead.bias")];
  const shift = foldBias(weight, bias, await valuesOf("finalNorm.shift"));
  parameters.set("finalNorm.shift", { data: () => Promise.resolve(shift) });
  const { labels, position, padTokenId } = settings;
  await saveHuggingFaceFolder(folder, {
    // A tied head is not written, and a classifier has none.
    model: { config: { ...model.config, tieWeights: true }, namedParameters: () => parameters },
    tokenizer,
    extra: {
      tensors: [
        {
          name: HEAD,
          dtype: "F32",
          shape: [labels.length, model.config.embDim],
          data: () => fromFloat32(weight, "F32"),
        },
      ],
      config: {
        architectures: ["GPT2ForSequenceClassification"],
        problem_type: "single_label_classification",
        id2label: Object.fromEntries(labels.entries()),
        label2id: Object.fromEntries(labels.map((label, i) => [label, i])),
        // With it, transformers reads the last token that is no padding; without, the last one.
        pad_token_id: position === "flexible" ? padTokenId : null,
        [CLASSIFIER_KEY]: settings,
      },
    },
  });
  await writeVariables(join(folder, EXACT_FILE), exactVariables(model));
}

/** @throws {TrainerError} `MODEL_FOLDER` when the folder holds no classifier */
export async function loadClassifier(folder: string): Promise<Classifier> {
  const settings = await readClassifierSettings(folder);
  if (settings === undefined) {
    throw new TrainerError("MODEL_FOLDER", `${folder} holds no classifier. Train one with: train classify`);
  }
  const { model, tokenizer } = await loadModelFolder(folder, { leaveOut: [HEAD] });
  const { labels, causalMask } = settings;
  addClassHead(model, { numClasses: labels.length, causalMask, generator: new Generator(0) });
  const file = await openSafetensors(join(folder, "model.safetensors"));
  try {
    const { bytes, info } = await file.read(HEAD);
    tf.tidy(() => {
      model.outHead.weight.assign(tf.tensor(new Float32Array(bytes.slice().buffer), [...info.shape]));
      model.outHead.bias?.assign(tf.zeros([labels.length]));
    });
  } finally {
    await file.close();
  }
  return { model: model.eval(), tokenizer, settings };
}

/** Puts what a checkpoint has learned into the classifier that its run began with, to the bit. */
export async function restoreClassifier(checkpoint: string, model: GPTModelFast, withLora: boolean): Promise<void> {
  if (!withLora) {
    const saved = await loadModelFolder(checkpoint, { leaveOut: [HEAD] });
    const parameters = model.namedParameters();
    for (const [name, variable] of saved.model.namedParameters()) parameters.get(name)?.assign(variable);
    saved.model.dispose();
  }
  await readVariables(join(checkpoint, EXACT_FILE), exactVariables(model));
}

function exactVariables(model: GPTModelFast): Map<string, tf.Variable> {
  const names = /^(?:outHead\.|finalNorm\.shift$)/u;
  const trained = trainableParameters(model);
  const all = [...model.namedParameters()];
  return new Map(all.filter(([name]) => names.test(name) || (/\.lora\./u.test(name) && trained.has(name))));
}
