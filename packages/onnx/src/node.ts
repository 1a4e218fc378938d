export { saveOnnxFiles, saveOnnxFolder, type SaveOptions } from "./export/save.ts";
export { findDecoder, hasOnnxRuntime, openOnnxModel } from "./runtime/open-node.ts";
