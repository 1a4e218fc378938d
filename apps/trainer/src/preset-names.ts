/** The run presets that `--preset` names. Kept apart from the settings, so that help is shown without loading TensorFlow.js. */
export const RUN_PRESET_NAMES = ["quickstart", "book-ch05"] as const;
export type RunPreset = (typeof RUN_PRESET_NAMES)[number];
export const INSTRUCT_PRESET_NAMES = ["quickstart", "book-ch07"] as const;
export const DPO_PRESET_NAMES = ["quickstart", "book-dpo"] as const;
export const CLASSIFY_PRESET_NAMES = ["quickstart", "book-ch06", "book-appendix-e"] as const;
/** What `train classify` may train besides the head. */
export const TRAINABLE_LAYERS = ["last_layer", "last_block", "last_two_blocks", "all"] as const;
/** Which token's logits a classifier may read. */
export const TOKEN_POSITIONS = ["last", "first", "flexible", "average"] as const;
