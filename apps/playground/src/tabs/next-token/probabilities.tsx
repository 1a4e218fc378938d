import { topIndices } from "@scratch-llm/gpt";
import type { Filtered } from "../../engine/sampling.ts";
import { formatNumber, formatPercent, words } from "../../i18n/language.ts";
import { type Bar, BarList } from "../../ui/bar-list.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { TokenText, visibleText } from "../../ui/token-text.tsx";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

/** Rows that are shown; the rest is told in one line. */
const ROWS = 20;

interface ProbabilitiesProps {
  readonly filtered: Filtered;
  /** Text of every token. */
  readonly texts: readonly string[];
  readonly onChoose: (id: number) => void;
}

/** The likeliest tokens with their probability before and after the knobs. */
export function Probabilities({ filtered: { before, after, kept }, texts, onChoose }: ProbabilitiesProps) {
  const t = words({ en, zh });
  const shown = topIndices(before, ROWS);
  const longest = Math.max(...shown.map((id) => Math.max(before[id]!, after[id]!)));
  const bars = shown.map((id): Bar => {
    const [was, is] = [before[id]!, after[id]!];
    return {
      key: id,
      label: <TokenText text={texts[id] ?? ""} />,
      value: is / longest,
      before: was / longest,
      text: formatPercent(is),
      faded: is === 0,
    };
  });
  const sum = kept.reduce((total, id) => total + after[id]!, 0);
  const others = 1 - shown.reduce((total, id) => total + before[id]!, 0);
  return (
    <>
      <p data-testid="kept" data-count={kept.length} data-sum={sum}>
        {t.kept(formatNumber(kept.length), formatNumber(before.length), formatNumber(sum, 6))}
      </p>
      <BarList
        label={t.probabilities}
        bars={bars}
        onChoose={({ key }) => onChoose(key as number)}
        testId="next-token-bars"
      />
      <p class="quiet">{t.more(formatNumber(before.length - shown.length), formatPercent(Math.max(0, others)))}</p>
      <DataTable
        caption={t.probabilities}
        columns={t.columns}
        testId="next-token-table"
        rows={() =>
          topIndices(before, 200).map((id) => [
            visibleText(texts[id] ?? ""),
            id,
            formatPercent(before[id]!, 4),
            formatPercent(after[id]!, 4),
          ])
        }
      />
    </>
  );
}
