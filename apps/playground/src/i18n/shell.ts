import { en, type Words } from "./en.ts";
import { words } from "./language.ts";
import { zh } from "./zh.ts";

/** The words of the page around the tabs, in its language. */
export function shellWords(): Words {
  return words({ en, zh });
}
