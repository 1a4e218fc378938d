import { formatNumber } from "../i18n/language.ts";
import { shellWords } from "../i18n/shell.ts";

interface CutNoticeProps {
  readonly looked: { readonly tokens: { readonly length: number }; readonly first: number };
}

/** Says so where a text is too long to be shown whole. */
export function CutNotice({ looked: { tokens, first } }: CutNoticeProps) {
  if (first === 0) return null;
  return <p class="notice">{shellWords().cut(formatNumber(tokens.length))}</p>;
}
