import type { BlockStage } from "../../engine/protocol.ts";

/** How the numbers of a stage lie: a vector, a vector per head, or a share per token and head. */
export type Layout = "vector" | "heads" | "tokens";

/** The stages of a block in their order, each with its layout and the book's section. */
export const STAGES: readonly { readonly name: BlockStage; readonly layout: Layout; readonly section: string }[] = [
  { name: "input", layout: "vector", section: "4.5" },
  { name: "norm1", layout: "vector", section: "4.2" },
  { name: "query", layout: "heads", section: "3.4" },
  { name: "key", layout: "heads", section: "3.4" },
  { name: "value", layout: "heads", section: "3.4" },
  { name: "scores", layout: "tokens", section: "3.4" },
  { name: "weights", layout: "tokens", section: "3.5" },
  { name: "context", layout: "heads", section: "3.6" },
  { name: "outProj", layout: "vector", section: "3.6" },
  { name: "shortcut1", layout: "vector", section: "4.4" },
  { name: "norm2", layout: "vector", section: "4.2" },
  { name: "expand", layout: "vector", section: "4.3" },
  { name: "gelu", layout: "vector", section: "4.3" },
  { name: "contract", layout: "vector", section: "4.3" },
  { name: "output", layout: "vector", section: "4.5" },
];
