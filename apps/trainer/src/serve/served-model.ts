import type { PromptFormat } from "@scratch-llm/finetune-instruct";
import type { SlotDecoder } from "@scratch-llm/gpt";
import type { Tokenizer } from "@scratch-llm/tokenizer";

/** The model that a server answers with. */
export interface ServedModel {
  /** Its name for clients. */
  readonly id: string;
  readonly tokenizer: Tokenizer;
  readonly decoder: SlotDecoder;
  /** How it takes part in a conversation; a base model does not. */
  readonly format: PromptFormat | undefined;
}
