/** What each tab shows when it is of use, by its `data-testid`. */
export const CONTENT = {
  tokenizer: "chips",
  embeddings: "embedding-sum",
  attention: "attention-map",
  block: "stage-map",
  "next-token": "next-token-bars",
  generate: "written",
  train: "train-start",
  finetune: "tuning-start",
  models: "model-facts",
  chapters: "chapter-2",
} as const;

/** Every tab of the page. */
export const TABS = Object.keys(CONTENT) as (keyof typeof CONTENT)[];
