export {
  createAdapter,
  type CreateAdapterOptions,
  currentAdapter,
  disposeAdapter,
  injectLora,
  type LoRAAdapter,
  useAdapter,
} from "./adapter.ts";
export { LoRAError, type LoRAErrorCode } from "./errors.ts";
export { LinearWithLoRA } from "./linear-with-lora.ts";
export { LoRALayer, type LoRAOptions, type LoRAScaling } from "./lora-layer.ts";
export { mergeLora, unmergeLora } from "./merge.ts";
export type { PeftConfig } from "./peft/config.ts";
export { exportPeft, type ExportPeftOptions, type PeftFiles } from "./peft/export-peft.ts";
export { importPeft, type PeftTensors } from "./peft/import-peft.ts";
