export { acquireLock, type LockOptions, withLock } from "./node/lock.ts";
export { openSafetensors } from "./node/open.ts";
export { makeFolder, writeFileAtomic, writeSafetensors } from "./node/write.ts";
