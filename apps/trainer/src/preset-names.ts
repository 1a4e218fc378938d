/** The run presets that `--preset` names. Kept apart from the settings, so that help is shown without loading TensorFlow.js. */
export const RUN_PRESET_NAMES = ["quickstart", "book-ch05"] as const;
export type RunPreset = (typeof RUN_PRESET_NAMES)[number];
export const INSTRUCT_PRESET_NAMES = ["quickstart", "book-ch07"] as const;
export const DPO_PRESET_NAMES = ["quickstart", "book-dpo"] as const;
