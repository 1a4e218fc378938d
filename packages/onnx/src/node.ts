export { saveOnnxFiles, saveOnnxFolder, type SaveOptions } from "./export/save.ts";
export { hasOnnxRuntime, openOnnxModel } from "./runtime/open-node.ts";
