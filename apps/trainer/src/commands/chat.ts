import { Conversation } from "../chat/conversation.ts";
import { ChatRepl } from "../chat/repl.ts";
import type { Context } from "../flags.ts";
import { findModel } from "../find-model.ts";
import { fill } from "../messages/messages.ts";
import { openModel, type RuntimeFlags } from "../open-model.ts";
import type { SamplingFlags } from "../sampling-options.ts";
import { ownFormat } from "../tuning/own-format.ts";

/** The flags of `chat`. */
export interface ChatFlags extends SamplingFlags, RuntimeFlags {
  readonly model?: string;
  /** One message, one answer, no prompt. */
  readonly prompt?: string;
  readonly system?: string;
  readonly verbose?: boolean;
}

/** `scratch-llm chat`: a conversation with a model, or with `-p` a single answer. */
export async function chat(flags: ChatFlags, context: Context): Promise<void> {
  const { messages } = context;
  const path = await findModel(flags.model, messages);
  const opened = await openModel(path, flags, context);
  const taught = await ownFormat(path);
  const conversation = new Conversation(opened, flags, taught?.format);
  const welcome = taught === undefined ? messages.chat.baseModel : fill(messages.chat.taught, { name: taught.name });
  const repl = new ChatRepl(conversation, context, { welcome, verbose: flags.verbose === true });
  if (flags.prompt === undefined) await repl.run(process.stdin, process.stdout);
  else await repl.answer(flags.prompt);
}
