import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { isDark } from "../state/theme.ts";
import { useWidth } from "./use-width.ts";

/** A line of a {@link LineChart}; `x` rises. */
export interface Line {
  readonly label: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Which colour of the chart; the place in the list by default. */
  readonly colour?: number;
  readonly dashed?: boolean;
}

interface LineChartProps {
  /** What it shows, for who cannot see it; a {@link DataTable} beside it tells the numbers. */
  readonly label: string;
  readonly lines: readonly Line[];
  readonly xLabel: string;
  readonly height?: number;
  readonly testId: string;
}

const REDRAW_MS = 250;
/** Okabe and Ito's colours, which all eyes can tell apart, darker on light ground. */
const COLOURS = {
  light: ["#0f6e84", "#b4530a", "#6a4c93", "#3a7d2c", "#a8326e"],
  dark: ["#5cc3d8", "#f0a04b", "#c3a6e8", "#8fd07f", "#f08fc0"],
};

/** Curves over a common axis. Drawn anew four times a second at most, and only while it can be seen. */
export function LineChart({ label, lines, xLabel, height = 220, testId }: LineChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | undefined>(undefined);
  const latest = useRef(lines);
  const due = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const width = useWidth(box);
  const dark = isDark();
  const shape = JSON.stringify(lines.map(({ label, dashed, colour }) => [label, dashed, colour]));
  latest.current = lines;

  useEffect(() => {
    if (!box.current || width === 0) return;
    const made = new uPlot(
      optionsOf(latest.current, { width, height, xLabel, dark }),
      dataOf(latest.current),
      box.current,
    );
    chart.current = made;
    return () => made.destroy();
  }, [width, height, xLabel, dark, shape]);

  useEffect(() => {
    due.current ??= setTimeout(() => {
      due.current = undefined;
      if (canBeSeen(box.current)) chart.current?.setData(dataOf(latest.current));
    }, REDRAW_MS);
  }, [lines]);
  useEffect(() => () => clearTimeout(due.current), []);

  useEffect(() => {
    // What came while it could not be seen is drawn when it can.
    const redraw = (): void => {
      if (canBeSeen(box.current)) chart.current?.setData(dataOf(latest.current));
    };
    const observer = new IntersectionObserver(redraw);
    if (box.current) observer.observe(box.current);
    globalThis.document.addEventListener("visibilitychange", redraw);
    return () => {
      observer.disconnect();
      globalThis.document.removeEventListener("visibilitychange", redraw);
    };
  }, []);

  return <div class="line-chart" ref={box} role="img" aria-label={label} data-testid={testId} />;
}

function dataOf(lines: readonly Line[]): uPlot.AlignedData {
  if (lines.length === 0) return [[]];
  return uPlot.join(lines.map(({ x, y }) => [[...x], [...y]]));
}

interface Look {
  readonly width: number;
  readonly height: number;
  readonly xLabel: string;
  readonly dark: boolean;
}

function optionsOf(lines: readonly Line[], { width, height, xLabel, dark }: Look): uPlot.Options {
  const colours = COLOURS[dark ? "dark" : "light"];
  const ink = dark ? "#9aa5ad" : "#5b656d";
  const grid = { stroke: dark ? "#2d363c" : "#e4e1db", width: 1 };
  const axis = { stroke: ink, grid, ticks: grid, font: "12px system-ui" };
  return {
    width,
    height,
    legend: { live: false },
    scales: { x: { time: false } },
    axes: [{ ...axis, label: xLabel, labelFont: "12px system-ui", labelSize: 18 }, axis],
    series: [
      { label: xLabel },
      ...lines.map(({ label, dashed, colour }, index) => ({
        label,
        stroke: colours[(colour ?? index) % colours.length] as string,
        width: 1.5,
        spanGaps: true,
        points: { show: isAlone },
        ...(dashed ? { dash: [6, 4] } : {}),
      })),
    ],
  };
}

/** A line of one value is no line: it is shown as a point. */
function isAlone({ data }: uPlot, index: number): boolean {
  return (data[index] ?? []).filter((value) => value !== null && value !== undefined).length === 1;
}

function canBeSeen(element: HTMLElement | null): boolean {
  if (!element || globalThis.document.hidden) return false;
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < globalThis.innerHeight;
}
