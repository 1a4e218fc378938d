export { openSafetensors } from "./node/open.ts";
export type { SafetensorsFile, TensorBytes, TensorPart } from "./node/single.ts";
export { writeFileAtomic, writeSafetensors } from "./node/write.ts";
