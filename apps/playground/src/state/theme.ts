import { effect, type Signal, signal } from "@preact/signals";
import { oneOf } from "./params.ts";
import { stored } from "./stored.ts";

const THEMES = ["auto", "light", "dark"] as const;

/** Light, dark, or as the system is. */
export type Theme = (typeof THEMES)[number];

/** The chosen theme, remembered in this browser. */
export const theme: Signal<Theme> = stored("theme", oneOf(THEMES, "auto"));

const systemIsDark = globalThis.matchMedia("(prefers-color-scheme: dark)");
const system = signal(systemIsDark.matches);
systemIsDark.addEventListener("change", ({ matches }) => (system.value = matches));

/** Whether the page is dark now; what is drawn on a canvas asks. */
export const isDark = (): boolean => (theme.value === "auto" ? system.value : theme.value === "dark");

effect(() => {
  globalThis.document.documentElement.style.colorScheme = isDark() ? "dark" : "light";
});
