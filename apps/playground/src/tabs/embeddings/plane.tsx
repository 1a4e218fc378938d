import { useRef } from "preact/hooks";
import type { EmbeddingPlane } from "../../engine/protocol.ts";
import { formatNumber, formatPercent, words } from "../../i18n/language.ts";
import { DataTable } from "../../ui/data-table.tsx";
import { visibleText } from "../../ui/token-text.tsx";
import { useWidth } from "../../ui/use-width.ts";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

const HEIGHT = 320;
const MARGIN = 28;

interface PlaneProps {
  readonly plane: EmbeddingPlane;
  /** Index of the chosen token. */
  readonly chosen: number;
}

/** Token embeddings as points in the plane of their largest variance. */
export function Plane({ plane: { tokens, points, explained }, chosen }: PlaneProps) {
  const t = words({ en, zh });
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const [x, y] = [scale(points, 0, width), scale(points, 1, HEIGHT)];
  return (
    <>
      <p class="quiet">{t.planeHint(formatPercent(explained[0]), formatPercent(explained[1]))}</p>
      <div ref={box}>
        {width > 0 && (
          <svg class="plane" width={width} height={HEIGHT} role="img" aria-label={t.plane} data-testid="plane">
            {tokens.map(({ text }, i) => (
              <g key={i} transform={`translate(${x(i)} ${HEIGHT - y(i)})`} class={i === chosen ? "chosen" : undefined}>
                <circle r={4} />
                <text x={7} y={4}>
                  {visibleText(text)}
                </text>
              </g>
            ))}
          </svg>
        )}
      </div>
      <DataTable
        caption={t.plane}
        columns={t.planeColumns}
        testId="plane-table"
        rows={() =>
          tokens.map(({ text }, i) => [
            visibleText(text),
            formatNumber(points[2 * i]!, 3),
            formatNumber(points[2 * i + 1]!, 3),
          ])
        }
      />
    </>
  );
}

/** From a coordinate of the i-th point to pixels. */
function scale(points: Float32Array, axis: 0 | 1, size: number): (i: number) => number {
  const values = points.filter((_, i) => i % 2 === axis);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = size - 2 * MARGIN - (axis === 0 ? 60 : 0); // labels stand to the right
  return (i) => MARGIN + (high > low ? ((points[2 * i + axis]! - low) / (high - low)) * room : room / 2);
}
