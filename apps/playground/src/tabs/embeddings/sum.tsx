import type { EmbeddingSum } from "../../engine/protocol.ts";
import { formatNumber, words } from "../../i18n/language.ts";
import { ColourScale } from "../../ui/colour-scale.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { HeatMap } from "../../ui/heat-map.tsx";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

const PARTS = ["token", "position", "sum"] as const;

interface SumProps {
  readonly sum: EmbeddingSum;
  /** Of the token that is shown. */
  readonly index: number;
}

/** A token's embedding, its position's, and the two added. */
export function Sum({ sum, index }: SumProps) {
  const t = words({ en, zh });
  const { width } = sum;
  const rows = PARTS.map((part) => sum[part].subarray(index * width, (index + 1) * width));
  const values = rows.flatMap((row) => [...row]);
  const limit = Math.max(...values.map(Math.abs));
  return (
    <>
      <HeatMap
        label={t.table}
        values={values}
        rows={PARTS.length}
        columns={width}
        scale="diverging"
        max={limit}
        cellHeight={28}
        rowLabels={PARTS.map((part) => t.parts[part])}
        testId="embedding-sum"
      />
      <ColourScale scale="diverging" from={formatNumber(-limit, 2)} to={formatNumber(limit, 2)} />
      <p class="quiet">{t.columnsAre}</p>
      <DataTable
        caption={t.table}
        columns={[t.dimension, ...PARTS.map((part) => t.parts[part])]}
        testId="embedding-sum-table"
        rows={() => Array.from({ length: width }, (_, i) => [i, ...rows.map((row) => formatNumber(row[i]!, 4))])}
      />
    </>
  );
}
