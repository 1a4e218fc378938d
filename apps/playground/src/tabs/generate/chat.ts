import { ALPACA, answerEnds, type ChatMessage, PHI3, type PromptFormat } from "@scratch-llm/finetune-instruct";
import { type Signal, signal } from "@preact/signals";
import { type FORMATS, params } from "./params.ts";
import { Writer } from "./writer.ts";

const FORMAT_OF: Readonly<Record<(typeof FORMATS)[number], PromptFormat | undefined>> = {
  plain: undefined,
  alpaca: ALPACA,
  phi3: PHI3,
};

export const writer: Writer = new Writer();

/** Who said what, up to now. The page keeps it, so it outlives the engine. */
export const messages: Signal<readonly ChatMessage[]> = signal([]);

/** Says something and lets the model answer. */
export async function say(content: string): Promise<void> {
  messages.value = [...messages.value, { role: "user", content }];
  await answer();
}

/** Lets the model answer the last message of the user, in place of an answer that there is. */
export async function answer(): Promise<void> {
  const asked = messages.value.slice(0, messages.value.findLastIndex(({ role }) => role === "user") + 1);
  messages.value = asked;
  const format = FORMAT_OF[params.format.value];
  const prompt = format ? format.conversation(asked) : asked.map(({ content }) => content).join("\n");
  const content = await writer.write(prompt, format ? answerEnds(format) : []);
  if (writer.error.peek() === undefined) messages.value = [...asked, { role: "assistant", content: content.trim() }];
}

/** Takes back a message and everything after it. @returns what it said */
export function takeBack(index: number): string {
  const content = messages.value[index]?.content ?? "";
  messages.value = messages.value.slice(0, index);
  return content;
}
