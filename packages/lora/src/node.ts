export { loadPeftAdapter, savePeftAdapter } from "./node/peft-folder.ts";
