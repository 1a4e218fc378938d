import { type LoadedModel, loadModelFolder } from "@scratch-llm/weights-loader/node";
import { bringUpBackend } from "../bring-up.ts";
import { Conversation } from "../chat/conversation.ts";
import { ChatRepl } from "../chat/repl.ts";
import type { Context } from "../flags.ts";
import { findModel } from "../find-model.ts";
import type { SamplingFlags } from "../sampling-options.ts";

/** The flags of `chat`. */
export interface ChatFlags extends SamplingFlags {
  readonly model?: string;
  /** One message, one answer, no prompt. */
  readonly prompt?: string;
  readonly system?: string;
  readonly verbose?: boolean;
}

/** `scratch-llm chat`: a conversation with a model, or with `-p` a single answer. */
export async function chat(flags: ChatFlags, context: Context): Promise<void> {
  const { output, messages, backend } = context;
  const path = await findModel(flags.model, messages);
  await bringUpBackend(backend, output, messages);
  const loaded: LoadedModel = await loadModelFolder(path);
  loaded.model.eval();
  const conversation = new Conversation(loaded, flags);
  const repl = new ChatRepl(conversation, context, flags.verbose === true);
  if (flags.prompt === undefined) await repl.run(process.stdin, process.stdout);
  else await repl.answer(flags.prompt);
}
