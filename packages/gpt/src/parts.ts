import type { Generator } from "@scratch-llm/nn";
import { GELU } from "./gelu.ts";
import { LayerNorm } from "./layer-norm.ts";

/** The layers that exist twice: as the book's listing and fused. Both have the same parameters and give the same numbers. */
export interface Parts {
  readonly LayerNorm: typeof LayerNorm;
  readonly GELU: typeof GELU;
}

/** What a model and its blocks are built with. */
export interface BuildOptions {
  /** Draws the initial weights; default: the one that `manualSeed` seeds. */
  readonly generator?: Generator | undefined;
  /** Default: the book's. */
  readonly parts?: Parts | undefined;
}

/** Every formula visible. */
export const BOOK_PARTS: Parts = { LayerNorm, GELU };
