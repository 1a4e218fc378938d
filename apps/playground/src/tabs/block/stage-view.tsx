import type { BlockTrace, Token } from "../../engine/protocol.ts";
import { formatNumber, words } from "../../i18n/language.ts";
import { ColourScale } from "../../ui/colour-scale.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { HeatMap } from "../../ui/heat-map.tsx";
import { visibleText } from "../../ui/token-text.tsx";
import { en } from "./en.ts";
import { STAGES } from "./stages.ts";
import { zh } from "./zh.ts";

/** Numbers in a row of the picture of a vector. */
const ROW = 32;

interface StageViewProps {
  readonly stage: BlockTrace["stages"][number];
  readonly tokens: readonly Token[];
}

/** What a stage does, its numbers in colours and in words. */
export function StageView({ stage: { name, shape, values }, tokens }: StageViewProps) {
  const t = words({ en, zh });
  const { layout, section } = STAGES.find((stage) => stage.name === name)!;
  const isVector = layout === "vector";
  const columns = isVector ? Math.min(ROW, values.length) : (shape[1] ?? 1);
  const rows = Math.ceil(values.length / columns);
  const scale = name === "weights" ? "sequential" : "diverging";
  const max = scale === "sequential" ? 1 : Math.max(...values.map(Math.abs));
  const shares = layout === "tokens" && { columnLabels: tokens.slice(0, columns).map(({ text }) => visibleText(text)) };
  const heads = !isVector && { rowLabels: Array.from({ length: rows }, (_, head) => t.head(head)) };
  return (
    <>
      <p>
        {t.stages[name].what} <span class="section-mark">§ {section}</span>
      </p>
      <HeatMap
        label={t.stages[name].name}
        values={values}
        rows={rows}
        columns={columns}
        scale={scale}
        max={max}
        cellHeight={isVector ? 20 : 28}
        {...shares}
        {...heads}
        testId="stage-map"
      />
      <ColourScale scale={scale} from={formatNumber(scale === "sequential" ? 0 : -max, 2)} to={formatNumber(max, 2)} />
      <p class="quiet" data-testid="stage-shape">
        {t.shape(shape.join(" × "))} · {statistics(values, t.statistics)}
      </p>
      <DataTable
        caption={t.numbers}
        columns={[t.index, ...Array.from({ length: columns }, (_, i) => String(i))]}
        testId="stage-table"
        rows={() =>
          Array.from({ length: rows }, (_, row) => [
            isVector ? row * columns : t.head(row),
            ...Array.from(values.subarray(row * columns, (row + 1) * columns), (value) => formatNumber(value, 4)),
          ])
        }
      />
    </>
  );
}

function statistics(values: Float32Array, say: (...numbers: [string, string, string, string]) => string): string {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const text = (value: number): string => formatNumber(value, 3);
  return say(text(mean), text(Math.sqrt(variance)), text(low), text(high));
}
