export { useBackend } from "./use-backend.ts";
export { BackendError } from "./backend-error.ts";
export type { BackendErrorCode } from "./backend-error.ts";
export type { BackendInfo, BackendName } from "./backend-info.ts";
