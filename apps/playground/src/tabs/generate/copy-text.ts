import { words } from "../../i18n/language.ts";
import { announce } from "../../state/announce.ts";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

/** Copies a text and says so. */
export async function copyText(text: string): Promise<void> {
  const t = words({ en, zh });
  try {
    await globalThis.navigator.clipboard.writeText(text);
    announce(t.copied);
  } catch {
    announce(t.copyFailed);
  }
}
