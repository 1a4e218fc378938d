import { useRef } from "preact/hooks";
import type { EmbeddingPlane } from "../../engine/protocol.ts";
import { formatNumber, formatPercent, words } from "../../i18n/language.ts";
import { DataTable } from "../../ui/data-table.tsx";
import { visibleText } from "../../ui/token-text.tsx";
import { useWidth } from "../../ui/use-width.ts";
import { en } from "./en.ts";
import { type Spot, withoutOverlap } from "./labels.ts";
import { zh } from "./zh.ts";

const HEIGHT = 340;
const MARGIN = 24;
/** Labels stand to the right of their points. */
const LABEL_ROOM = 72;

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
  const [x, y] = [scale(points, 0, width - LABEL_ROOM), scale(points, 1, HEIGHT)];
  const chosenId = tokens[chosen]?.id;
  // A token that stands in the text twice has one embedding.
  const once = tokens.flatMap((token, i) => (tokens.findIndex(({ id }) => id === token.id) === i ? [i] : []));
  const spots = once.map((i): Spot => ({ x: x(i), y: HEIGHT - y(i), text: visibleText(tokens[i]!.text) }));
  const labels = withoutOverlap(spots);
  const classes = once.map((i) => (tokens[i]!.id === chosenId ? "chosen" : undefined));
  const height = Math.max(HEIGHT, ...labels.map((label) => label + MARGIN)); // labels may have gone down
  return (
    <>
      <p class="quiet">{t.planeHint(formatPercent(explained[0]), formatPercent(explained[1]))}</p>
      <div ref={box}>
        {width > 0 && (
          <svg class="plane" width={width} height={height} role="img" aria-label={t.plane} data-testid="plane">
            {spots.map(({ x, y }, n) => (
              <g key={n} class={classes[n]}>
                <line x1={x} y1={y} x2={x + 6} y2={labels[n]} />
                <circle cx={x} cy={y} r={4} />
              </g>
            ))}
            {spots.map(({ x, text }, n) => (
              <text key={n} class={classes[n]} x={x + 8} y={labels[n]! + 4}>
                {text}
              </text>
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
  const room = size - 2 * MARGIN;
  return (i) => MARGIN + (high > low ? ((points[2 * i + axis]! - low) / (high - low)) * room : room / 2);
}
