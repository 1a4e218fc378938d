export { detectFormat, type Detected } from "./node/detect.ts";
export { loadModelFolder, type LoadFolderOptions, type LoadedModel } from "./node/load.ts";
export { exportModel, saveHuggingFaceFolder, type ExportOptions, type SaveOptions } from "./node/save.ts";
