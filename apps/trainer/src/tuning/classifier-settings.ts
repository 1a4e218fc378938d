import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ClassifierSettings } from "@scratch-llm/finetune-classifier";

/** Where a classifier's `config.json` has what our code needs to know. */
export const CLASSIFIER_KEY = "scratch_llm_classifier";

/** Settings of the classifier in a folder; undefined where there is none. */
export async function readClassifierSettings(folder: string): Promise<ClassifierSettings | undefined> {
  try {
    const config: unknown = JSON.parse(await readFile(join(folder, "config.json"), "utf8"));
    return (config as Record<string, ClassifierSettings>)[CLASSIFIER_KEY];
  } catch {
    return undefined;
  }
}

/** Whether a folder with weights holds a classifier. */
export async function isClassifier(folder: string): Promise<boolean> {
  return (await readClassifierSettings(folder)) !== undefined;
}
