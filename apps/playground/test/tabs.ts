const part = (name: string): string => `[data-testid="${name}"]`;

/** What each tab shows when it is of use, as a selector. */
export const CONTENT = {
  tokenizer: part("chip"),
  embeddings: `${part("neighbours")} li`,
  attention: part("attention-map"),
  block: part("stage-map"),
  "next-token": `${part("next-token-bars")} li`,
  generate: `${part("write")}:enabled, ${part("send")}:enabled`,
  train: part("train-start"),
  finetune: `${part("tuning-start")}:enabled`,
  models: part("model-facts"),
  chapters: `${part("chapter-2")} a`,
} as const;

/** Every tab of the page. */
export const TABS = Object.keys(CONTENT) as (keyof typeof CONTENT)[];
