import type { FunctionComponent } from "preact";
import type { Words } from "../i18n/en.ts";

/** The name of a tab in the address (`?tab=`), in `hide=` and in the dictionaries (`tabs`). */
type TabId = keyof Words["tabs"];

/** A tab: one folder here, loaded when it is first opened. */
export interface Tab {
  readonly id: TabId;
  /** The book's chapters that it shows. */
  readonly chapter?: string;
  /** Whether it looks into the shown model or trains it, which a model of ONNX Runtime does not allow. */
  readonly needsInside?: true;
  readonly load: () => Promise<FunctionComponent>;
}

/** All tabs in the order of the page. */
export const TABS: readonly Tab[] = [
  { id: "tokenizer", chapter: "2", load: async () => (await import("./tokenizer/index.tsx")).TokenizerTab },
  {
    id: "embeddings",
    chapter: "2",
    needsInside: true,
    load: async () => (await import("./embeddings/index.tsx")).EmbeddingsTab,
  },
  {
    id: "attention",
    chapter: "3",
    needsInside: true,
    load: async () => (await import("./attention/index.tsx")).AttentionTab,
  },
  { id: "block", chapter: "4", needsInside: true, load: async () => (await import("./block/index.tsx")).BlockTab },
  { id: "next-token", chapter: "5", load: async () => (await import("./next-token/index.tsx")).NextTokenTab },
  { id: "generate", chapter: "4, 5", load: async () => (await import("./generate/index.tsx")).GenerateTab },
  { id: "train", chapter: "5", load: async () => (await import("./train/index.tsx")).TrainTab },
  {
    id: "finetune",
    chapter: "6, 7",
    needsInside: true,
    load: async () => (await import("./finetune/index.tsx")).FinetuneTab,
  },
  { id: "models", chapter: "5", load: async () => (await import("./models/index.tsx")).ModelsTab },
  { id: "chapters", load: async () => (await import("./chapters/index.tsx")).ChaptersTab },
];
