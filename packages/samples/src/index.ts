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
