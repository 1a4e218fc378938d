import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { openSafetensors } from "@scratch-llm/safetensors/node";
import { WeightsError } from "../errors.ts";
import { formatOf, type WeightFormat } from "../names.ts";

/** What lies at a path. */
export interface Detected {
  readonly format: Exclude<WeightFormat, "gguf">;
  /** The folder with the configuration and the tokenizer. */
  readonly folder: string;
  /** The safetensors file, its index, or the TensorFlow checkpoint's `.index`. */
  readonly weights: string;
}

/** Weight files of a folder, the first that is there counts. */
const WEIGHT_FILES = ["model.safetensors", "model.safetensors.index.json", "model.ckpt.index"];

/** Files that hold weights but are not read, with the way out. */
const REFUSED = [
  [/\.(?:bin|pt|pth|ckpt)$/, "is a Python pickle, which can run code; save it as safetensors in PyTorch first"],
  [/\.gguf$/, "is GGUF, which this only writes; take the safetensors that it was made from"],
  [/\.(?:h5|msgpack|onnx)$/, "is not a format that this reads; take the safetensors"],
] as const;

/**
 * Finds out which format a folder or file of weights has.
 *
 * @throws {WeightsError} `READ_FAILED` or `FORMAT_UNKNOWN` with what can be done
 * @example await detectFormat("runs/mine"); // { format: "hf", … }
 */
export async function detectFormat(path: string): Promise<Detected> {
  if (!existsSync(path)) {
    if (existsSync(`${path}.index`)) return detectFormat(`${path}.index`); // TensorFlow's way of naming a checkpoint
    throw new WeightsError("READ_FAILED", `There is no ${path}; check the path.`);
  }
  const weights = statSync(path).isDirectory() ? findWeights(path) : path;
  const folder = dirname(weights);
  if (weights.endsWith(".index")) return { format: "openai", folder, weights };
  if (/\.safetensors(?:\.index\.json)?$/.test(weights)) return { format: await namesOf(weights), folder, weights };
  const refused = REFUSED.find(([pattern]) => pattern.test(weights));
  throw new WeightsError("FORMAT_UNKNOWN", `${weights} ${refused?.[1] ?? "is no file of weights that this knows"}.`);
}

function findWeights(folder: string): string {
  const name = [...WEIGHT_FILES, "pytorch_model.bin", "tf_model.h5"].find((file) => existsSync(join(folder, file)));
  if (name !== undefined) return join(folder, name);
  throw new WeightsError("FORMAT_UNKNOWN", `${folder} has none of ${WEIGHT_FILES.join(", ")}.`);
}

async function namesOf(path: string): Promise<"hf" | "book"> {
  const file = await openSafetensors(path);
  await file.close();
  return formatOf(file.tensors, path);
}
