import { words } from "../../i18n/language.ts";
import { en } from "./en.ts";
import type { Step } from "./steps.ts";
import { zh } from "./zh.ts";

/** Where the book has it. */
export function StepMark({ section, listing }: Pick<Step, "section" | "listing">) {
  const t = words({ en, zh });
  return (
    <span class="section-mark">
      § {section}
      {listing !== undefined && ` · ${t.listing(listing)}`}
    </span>
  );
}
