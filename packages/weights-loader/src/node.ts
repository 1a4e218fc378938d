export { detectFormat, type Detected } from "./node/detect.ts";
export { loadModelFolder, type LoadFolderOptions, type LoadedModel } from "./node/load.ts";
export {
  exportModel,
  saveHuggingFaceFolder,
  type ExportOptions,
  type SavedExtra,
  type SavedModel,
  type SaveOptions,
} from "./node/save.ts";
export { listCachedModels, removeCachedModel, type CachedModel } from "./hub/cache.ts";
export { DownloadError, type DownloadErrorCode } from "./hub/download-error.ts";
export { downloadModel, findCachedModel, planDownload, type DownloadPlan } from "./hub/download-model.ts";
export type { DownloadEvent } from "./hub/events.ts";
export { downloadOpenAI, type OpenAIOptions } from "./hub/openai.ts";
export type { HubOptions } from "./hub/settings.ts";
