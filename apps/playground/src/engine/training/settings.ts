import { EngineFault } from "../fault.ts";
import type { RunSettings } from "../protocol.ts";

/** What the numbers of the settings are called, by where they stand; the trainer's `RunConfig` to the letter. */
const NUMBERS = {
  model: ["contextLength", "embDim", "nHeads", "nLayers", "dropRate"],
  data: ["trainFraction", "stride"],
  train: [
    "batchSize",
    "epochs",
    "learningRate",
    "minLearningRate",
    "warmupSteps",
    "weightDecay",
    "clipNorm",
    "accumulationSteps",
    "evalEvery",
    "evalBatches",
    "sampleEvery",
    "checkpointEvery",
    "keepLast",
  ],
} as const;

/** The content of a run's config.json. @throws EngineFault `NOT_A_RUN` naming what is wrong with it */
export function parseSettings(text: string): { settings: RunSettings; data: { files: string[]; sha256: string } } {
  const json = parse(text);
  const config = record(json["config"], "config");
  if (!Number.isSafeInteger(config["seed"])) throw wrong("seed", config["seed"]);
  for (const [part, names] of Object.entries(NUMBERS)) {
    const fields = record(config[part], part);
    for (const name of names) if (!Number.isFinite(fields[name])) throw wrong(`${part}.${name}`, fields[name]);
  }
  const kind: unknown = record(config["tokenizer"], "tokenizer")["kind"];
  if (kind !== "gpt2" && kind !== "bpe") throw wrong("tokenizer.kind", kind);
  const { startContext, dropout } = record(config["train"], "train");
  if (typeof startContext !== "string" || startContext === "") throw wrong("train.startContext", startContext);
  if (dropout !== "torch" && dropout !== "fast") throw wrong("train.dropout", dropout);
  const { files, sha256 } = record(json["data"], "data");
  const isNames = Array.isArray(files) && files.every((file) => typeof file === "string");
  if (!isNames || typeof sha256 !== "string") throw wrong("data", json["data"]);
  return { settings: config as unknown as RunSettings, data: { files, sha256 } };
}

function parse(text: string): Record<string, unknown> {
  try {
    return record(JSON.parse(text), "config.json");
  } catch (cause) {
    if (cause instanceof EngineFault) throw cause;
    throw new EngineFault("NOT_A_RUN", "There is no config.json of a run; drop the whole folder of the run.", {
      cause,
    });
  }
}

function record(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw wrong(name, value);
}

function wrong(name: string, value: unknown): EngineFault {
  return new EngineFault(
    "NOT_A_RUN",
    `The run's config.json has ${name} = ${JSON.stringify(value) ?? "nothing"}; is it a pretraining run?`,
  );
}
