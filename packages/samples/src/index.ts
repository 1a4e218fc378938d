/** Languages in which a built-in text exists. */
export type SampleLanguage = "en" | "zh";

/**
 * Where the built-in texts lie: a short book in English and one in Chinese, each 40–50 kB of UTF-8, written for
 * scratch-llm under its licence. Paragraphs are separated by an empty line.
 *
 * They are addresses, so that Node reads them from disk and a bundler turns them into assets:
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { SAMPLE_TEXTS } from "@scratch-llm/samples";
 *
 * const english = await readFile(SAMPLE_TEXTS.en, "utf8");
 * ```
 */
export const SAMPLE_TEXTS: Readonly<Record<SampleLanguage, URL>> = {
  en: new URL("../texts/en.txt", import.meta.url),
  zh: new URL("../texts/zh.txt", import.meta.url),
};

/** What the built-in fine-tuning sets are for. */
export type SampleSet = "messages" | "instructions" | "preferences";

/**
 * Where the built-in sets for fine-tuning lie, in English and Chinese: messages to classify (1,166 lines of `label` and
 * `text`, chapter 6), instructions (240 tasks, chapter 7) and preferences (120 tasks with two answers each, for DPO).
 *
 * @example
 * ```ts
 * const messages = await readFile(SAMPLE_SETS.messages, "utf8"); // "label\ttext\nham\tThe children sang …"
 * ```
 */
export const SAMPLE_SETS: Readonly<Record<SampleSet, URL>> = {
  messages: new URL("../sets/messages.tsv", import.meta.url),
  instructions: new URL("../sets/instructions.json", import.meta.url),
  preferences: new URL("../sets/preferences.json", import.meta.url),
};
