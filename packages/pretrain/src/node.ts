export { CheckpointError } from "./node/checkpoint-error.ts";
export { type Json, latestCheckpoint, listCheckpoints } from "./node/checkpoint-folder.ts";
export { loadCheckpoint, type LoadCheckpointOptions, type LoadedCheckpoint } from "./node/load-checkpoint.ts";
export { saveCheckpoint, type SaveCheckpointOptions } from "./node/save-checkpoint.ts";
