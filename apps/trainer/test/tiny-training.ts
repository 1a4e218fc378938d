const SETTINGS = [
  "model.embDim=16",
  "model.nHeads=2",
  "model.nLayers=1",
  "model.contextLength=16",
  "data.stride=16",
  "tokenizer.vocabSize=300",
  "train.batchSize=4",
  "train.evalEvery=4",
  "train.evalBatches=2",
  "train.sampleEvery=1000",
].flatMap((assignment) => ["--set", assignment]);

/** A command that trains a model in a second on WASM, with these flags besides. */
export function tinyTraining(...more: string[]): string[] {
  return ["train", "pretrain", "--backend", "wasm", "--no-probe", "--json", ...SETTINGS, ...more];
}
