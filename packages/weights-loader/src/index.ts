export { configFromBookShapes } from "./config/book.ts";
export { configFromHuggingFace, configToHuggingFace } from "./config/hugging-face.ts";
export { configFromOpenAI } from "./config/openai.ts";
export { WeightsError, WeightsMismatchError, type WeightsErrorCode } from "./errors.ts";
export { matchWeights, type Step } from "./match.ts";
export { chooseFiles, describingFiles } from "./hub/choose-files.ts";
export { DownloadError, type DownloadErrorCode } from "./hub/download-error.ts";
export type { ExpectedHash } from "./hub/expected-hash.ts";
export { parseRepository, type Repository, type RepositoryFile, repositoryName } from "./hub/repository.ts";
export { loadModelFiles } from "./load-files.ts";
export { cloneModel, loadModel, loadWeights, type LoadedModel, type LoadOptions } from "./model.ts";
export {
  type ModelFiles,
  modelFiles,
  type SavedExtra,
  type SavedModel,
  type SaveOptions,
  WEIGHTS_FILE,
  WEIGHTS_METADATA,
} from "./model-files.ts";
export { TENSOR_ROWS, type TensorRow, type WeightFormat } from "./names.ts";
export { readWeights, type Weight } from "./read-weights.ts";
export { readTokenizer, type ReadText } from "./tokenizer-files.ts";
export { sourceFromBytes, sourceFromFile, type WeightSource } from "./source.ts";
export { weightEntries, type WriteOptions } from "./write-weights.ts";
