export { acquireLock, type LockOptions, withLock } from "./node/lock.ts";
export { openSafetensors } from "./node/open.ts";
export { makeFolder, syncFolder, writeFileAtomic, writeSafetensors } from "./node/write.ts";
