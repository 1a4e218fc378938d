export { CheckpointError } from "./checkpoint-error.ts";
export type { Json, LoadedCheckpoint } from "./checkpoint-state.ts";
export { latestCheckpoint, listCheckpoints } from "./node/checkpoint-folder.ts";
export { loadCheckpoint } from "./node/load-checkpoint.ts";
export { saveCheckpoint, type SaveCheckpointOptions } from "./node/save-checkpoint.ts";
