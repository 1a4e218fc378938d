import type { SlotTokens } from "@scratch-llm/gpt";
import type { TokenizerJSON } from "@scratch-llm/tokenizer";
import type { Context } from "../flags.ts";
import type { RuntimeFlags } from "../open-model.ts";
import type { OutputOptions } from "../output.ts";

/** The model that a thread is to open, as data. */
export interface ModelTask extends Omit<Context, "output"> {
  readonly output: OutputOptions;
  readonly path: string;
  readonly flags: RuntimeFlags;
  readonly maxSlots: number;
}

/** What the thread answers once the model is open. */
export interface ModelFacts {
  readonly tokenizer: TokenizerJSON;
  readonly contextLength: number;
  readonly vocabSize: number;
  /** A row for each slot, which every step writes. Messages of logits would be copied and cleared up at each step. */
  readonly logits: SharedArrayBuffer;
}

/** What the thread is asked for; a slot that is released is not answered. */
export type ModelRequest =
  | { readonly type: "step"; readonly tokens: readonly SlotTokens[] }
  | { readonly type: "release"; readonly slot: number }
  | { readonly type: "dispose" };

/** What the thread answers. Of an error a message carries no code, so it comes in pieces. */
export type ModelAnswer =
  | { readonly value: unknown }
  | { readonly error: { readonly code: string; readonly message: string; readonly stack: string | undefined } };
