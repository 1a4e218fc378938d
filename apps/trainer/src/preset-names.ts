/** The run presets that `--preset` names. Kept apart from the settings, so that help is shown without loading TensorFlow.js. */
export const RUN_PRESET_NAMES = ["quickstart", "book-ch05"] as const;
export type RunPreset = (typeof RUN_PRESET_NAMES)[number];
