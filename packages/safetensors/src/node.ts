export { openSafetensors } from "./node/open.ts";
export type { SafetensorsFile, TensorBytes } from "./node/single.ts";
export { writeFileAtomic, writeSafetensors } from "./node/write.ts";
