import type { Signal } from "@preact/signals";
import { formatPercent, words } from "../../i18n/language.ts";
import { Button } from "../../ui/button.tsx";
import { ColourScale } from "../../ui/colour-scale.tsx";
import { type Cell, HeatMap } from "../../ui/heat-map.tsx";
import { en } from "./en.ts";
import { type Looked, pictured } from "./matrix.ts";
import { saveCsv, savePng } from "./save-map.ts";
import { zh } from "./zh.ts";

interface MapProps {
  readonly looked: Looked;
  /** (t, t), row = query. */
  readonly weights: Float32Array;
  /** Such as "Layer 0, head 0". */
  readonly name: string;
  readonly labels: readonly string[];
  /** The cell that is pointed at, here or among the tokens below. */
  readonly cell: Signal<Cell | undefined>;
}

/** The weights of one head. */
export function AttentionMap({ looked, weights, name, labels, cell }: MapProps) {
  const t = words({ en, zh });
  const { row, column } = cell.value ?? {};
  const size = labels.length;
  return (
    <>
      <HeatMap
        label={`${t.map}, ${name}`}
        values={pictured(weights, looked.causal)}
        rows={size}
        columns={size}
        max={1}
        rowLabels={labels}
        columnLabels={labels}
        cell={cell.value}
        onCell={(at) => (cell.value = at)}
        testId="attention-map"
      />
      <p class="quiet" data-testid="attention-point">
        {row !== undefined && column !== undefined && row < size && column < size
          ? t.point(labels[row]!, labels[column]!, formatPercent(weights[row * size + column]!, 2))
          : t.pointHint}
      </p>
      <ColourScale scale="sequential" from={formatPercent(0, 0)} to={formatPercent(1, 0)} />
      {looked.causal && <p class="quiet">{t.masked}</p>}
      <div class="controls">
        <Button kind="quiet" testId="save-png" onClick={() => savePng("attention-map")}>
          {t.png}
        </Button>
        <Button kind="quiet" testId="save-csv" onClick={() => saveCsv(looked.tokens, weights)}>
          {t.csv}
        </Button>
      </div>
    </>
  );
}
