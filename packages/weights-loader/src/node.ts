export { detectFormat, type Detected } from "./node/detect.ts";
export { loadModelFolder, type LoadedModel } from "./node/load.ts";
export { saveHuggingFaceFolder, type SaveOptions } from "./node/save.ts";
