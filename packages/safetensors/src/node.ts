export { openSafetensors } from "./node/open.ts";
export { writeFileAtomic, writeSafetensors } from "./node/write.ts";
