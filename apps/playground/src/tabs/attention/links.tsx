import { type Signal, useSignal } from "@preact/signals";
import type { Token } from "../../engine/protocol.ts";
import { formatNumber, formatPercent, words } from "../../i18n/language.ts";
import { BarList } from "../../ui/bar-list.tsx";
import type { Cell } from "../../ui/heat-map.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { TokenPicker } from "../../ui/token-picker.tsx";
import { TokenText, visibleText } from "../../ui/token-text.tsx";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

const SHOWN = 8;

interface LinksProps {
  readonly tokens: readonly Token[];
  /** (t, t), row = query. */
  readonly weights: Float32Array;
  /** The cell that is pointed at, here or in the picture. */
  readonly cell: Signal<Cell | undefined>;
}

/** One row of the weights: where the chosen token, or the one that is pointed at, looks most. */
export function Links({ tokens, weights, cell }: LinksProps) {
  const t = words({ en, zh });
  const chosen = useSignal(tokens.length - 1);
  const query = Math.min(cell.value?.row ?? chosen.value, tokens.length - 1);
  const rowOf = (index: number): Float32Array => weights.subarray(index * tokens.length, (index + 1) * tokens.length);
  const row = rowOf(query);
  const sum = row.reduce((total, weight) => total + weight, 0);
  return (
    <>
      <p class="quiet">{t.linksHint}</p>
      <TokenPicker
        label={t.links}
        tokens={tokens}
        chosen={query}
        onChoose={(index) => (chosen.value = index)}
        onPoint={(index) =>
          (cell.value = index === undefined ? index : { row: index, column: strongestOf(rowOf(index))[0]! })
        }
        testId="attention-tokens"
      />
      <BarList
        label={t.links}
        testId="attention-links"
        bars={strongestOf(row)
          .slice(0, SHOWN)
          .map((key) => ({
            key,
            label: <TokenText text={tokens[key]!.text} />,
            value: row[key]!,
            text: formatPercent(row[key]!, 1),
          }))}
      />
      <p class="quiet" data-testid="row-sum" data-sum={sum}>
        {t.rowSum(formatNumber(sum, 5))}
      </p>
      <DataTable
        caption={t.links}
        columns={t.tableColumns}
        testId="attention-table"
        rows={() => tokens.map(({ text }, key) => [visibleText(text), formatPercent(row[key]!, 3)])}
      />
    </>
  );
}

/** Where a row looks, the strongest first. */
function strongestOf(row: Float32Array): number[] {
  return [...row.keys()].toSorted((a, b) => row[b]! - row[a]!);
}
