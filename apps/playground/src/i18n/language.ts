import { computed, effect, type ReadonlySignal } from "@preact/signals";
import { oneOf } from "../state/params.ts";
import { stored } from "../state/stored.ts";
import { query, setShared } from "../state/url-state.ts";

const LANGUAGES = ["en", "zh"] as const;

export type Language = (typeof LANGUAGES)[number];

const fromBrowser = globalThis.navigator.languages
  .map((tag) => LANGUAGES.find((language) => tag.toLowerCase().split("-")[0] === language))
  .find((language) => language !== undefined);
const asked = oneOf(LANGUAGES, "en");
const remembered = stored("language", oneOf(["en", "zh", ""], ""));

/** The page's language: `?lang=`, else the one chosen before, else the browser's. */
export const language: ReadonlySignal<Language> = computed(
  () => asked.read(query.value.get("lang") ?? "") ?? (remembered.value || fromBrowser || "en"),
);

/** Chooses the page's language, now and for next time. */
export function setLanguage(choice: Language): void {
  remembered.value = choice;
  setShared("lang", choice);
}

/** The words of this language. Both dictionaries have one type, so a missing word fails the build. */
export function words<T>(dictionaries: Readonly<Record<Language, T>>): T {
  return dictionaries[language.value];
}

/** A number as this language writes it. */
export function formatNumber(value: number, digits = 0): string {
  return formatter(language.value, digits).format(value).replace("-", "−");
}

/** A share as percent. */
export function formatPercent(value: number, digits = 1): string {
  return `${formatNumber(value * 100, digits)} %`;
}

/** Bytes in kB, MB or GB. */
export function formatBytes(bytes: number): string {
  const [unit, size] = UNITS.find(([, size]) => bytes >= size) ?? ["B", 1];
  return `${formatNumber(bytes / size, bytes / size < 10 && size > 1 ? 1 : 0)} ${unit}`;
}

const UNITS = [
  ["GB", 1e9],
  ["MB", 1e6],
  ["kB", 1e3],
] as const;
const formatters = new Map<string, Intl.NumberFormat>();

function formatter(language: Language, digits: number): Intl.NumberFormat {
  const key = `${language}${digits}`;
  const known = formatters.get(key);
  if (known) return known;
  const made = new Intl.NumberFormat(language === "zh" ? "zh-CN" : "en", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  formatters.set(key, made);
  return made;
}

effect(() => {
  globalThis.document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
});
