import { useState } from "preact/hooks";
import { formatNumber } from "../i18n/language.ts";
import { shellWords } from "../i18n/shell.ts";
import { Button } from "./button.tsx";

/** Things that are drawn at a time: thousands at once would hold up the page. */
const PORTION = 500;

/** How many of a long list to draw, and the button for more of them. */
export function usePortions(all: number, testId: string) {
  const [shown, setShown] = useState(PORTION);
  const left = all - shown;
  const more = left > 0 && (
    <Button kind="quiet" testId={testId} onClick={() => setShown(shown + PORTION)}>
      {shellWords().more(formatNumber(Math.min(left, PORTION)), formatNumber(left))}
    </Button>
  );
  return [shown, more] as const;
}
