import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { isDark } from "../state/theme.ts";
import { type Colour, diverging, nothing, sequential } from "./ramp.ts";
import { useWidth } from "./use-width.ts";

/** A cell of a {@link HeatMap}. */
export interface Cell {
  readonly row: number;
  readonly column: number;
}

interface HeatMapProps {
  /** What it shows, for who cannot see it. */
  readonly label: string;
  /** Row after row. NaN is no value at all: its cell is grey. */
  readonly values: ArrayLike<number>;
  readonly rows: number;
  readonly columns: number;
  /** The value of the strongest colour; the largest there is by default. */
  readonly max?: number;
  /** `diverging`: from −max over 0 to max. */
  readonly scale?: "sequential" | "diverging";
  readonly rowLabels?: readonly string[];
  readonly columnLabels?: readonly string[];
  /** The largest width of a cell in CSS pixels. */
  readonly cellSize?: number;
  /** The height of a cell, where it is not square. */
  readonly cellHeight?: number;
  /** The cell that is looked at, and what to do when the pointer or the arrow keys go to another. */
  readonly cell?: Cell | undefined;
  readonly onCell?: (cell: Cell | undefined) => void;
  readonly testId: string;
}

const LABEL_FONT = 12;
/** The most that labels may take. */
const LABEL_ROOM = 96;
const MOVES: Readonly<Record<string, readonly [row: number, column: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** A matrix in colours, on a canvas. With `onCell` the pointer and the arrow keys read it cell by cell. */
export function HeatMap(props: HeatMapProps) {
  const { label, rows, columns, rowLabels, columnLabels, cellSize = 32, cell, onCell, testId } = props;
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(box);
  const [focused, setFocused] = useState(false);
  const left = rowLabels ? roomFor(rowLabels) : 0;
  const top = columnLabels ? roomFor(columnLabels) : 0;
  const cellWidth = Math.min(cellSize, Math.max(1, (width - left) / columns));
  const cellHeight = props.cellHeight ?? cellWidth;
  const layout = { left, top, cellWidth, cellHeight };
  const dark = isDark();

  useLayoutEffect(() => {
    if (canvas.current && width > 0) draw(canvas.current, props, layout, dark);
  });

  const at = (event: PointerEvent): Cell | undefined => {
    const column = Math.floor((event.offsetX - left) / cellWidth);
    const row = Math.floor((event.offsetY - top) / cellHeight);
    return row >= 0 && row < rows && column >= 0 && column < columns ? { row, column } : undefined;
  };
  const move = (event: KeyboardEvent): void => {
    const step = MOVES[event.key];
    if (!step) return;
    event.preventDefault();
    const from = cell ?? { row: 0, column: -1 };
    onCell?.({ row: clamp(from.row + step[0], rows), column: clamp(from.column + step[1], columns) });
  };
  const reading = onCell && {
    tabIndex: 0,
    onKeyDown: move,
    onFocus: () => setFocused(true),
    onBlur: () => setFocused(false),
    onPointerMove: (event: PointerEvent) => onCell(at(event)),
    onPointerDown: (event: PointerEvent) => onCell(at(event)),
    onPointerLeave: () => !focused && onCell(undefined),
  };
  return (
    <div class="heat-map" ref={box}>
      <canvas ref={canvas} role="img" aria-label={label} data-testid={testId} {...reading} />
    </div>
  );
}

interface Layout {
  readonly left: number;
  readonly top: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
}

function draw(canvas: HTMLCanvasElement, props: HeatMapProps, layout: Layout, dark: boolean): void {
  const { rows, columns, cell } = props;
  const { left, top, cellWidth, cellHeight } = layout;
  const size = { width: left + columns * cellWidth, height: top + rows * cellHeight };
  const scale = globalThis.devicePixelRatio;
  canvas.width = Math.round(size.width * scale);
  canvas.height = Math.round(size.height * scale);
  canvas.style.width = `${size.width}px`;
  canvas.style.height = `${size.height}px`;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.scale(scale, scale);
  context.imageSmoothingEnabled = false;
  context.drawImage(paint(props, dark), left, top, columns * cellWidth, rows * cellHeight);
  context.fillStyle = globalThis.getComputedStyle(canvas).color;
  context.font = `${LABEL_FONT}px ${globalThis.getComputedStyle(canvas).fontFamily}`;
  context.textBaseline = "middle";
  if (props.rowLabels) writeRows(context, props.rowLabels, layout);
  if (props.columnLabels) writeColumns(context, props.columnLabels, layout);
  if (!cell) return;
  context.strokeStyle = context.fillStyle;
  context.lineWidth = 2;
  context.strokeRect(left + cell.column * cellWidth, top + cell.row * cellHeight, cellWidth, cellHeight);
}

/** One pixel per value; the browser makes cells of them. */
function paint({ values, rows, columns, max, scale = "sequential" }: HeatMapProps, dark: boolean): OffscreenCanvas {
  const colour = scale === "diverging" ? diverging : sequential;
  const strongest = max ?? largest(values);
  const image = new ImageData(columns, rows);
  for (let i = 0; i < rows * columns; i++) {
    const value = values[i] ?? Number.NaN;
    const rgb: Colour = Number.isNaN(value) ? nothing(dark) : colour(strongest > 0 ? value / strongest : 0, dark);
    image.data.set([...rgb, 255], i * 4);
  }
  const canvas = new OffscreenCanvas(columns, rows);
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas;
}

/** What the longest label needs. */
function roomFor(labels: readonly string[]): number {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  if (!context) return LABEL_ROOM;
  context.font = `${LABEL_FONT}px ${globalThis.getComputedStyle(globalThis.document.body).fontFamily}`;
  const longest = Math.max(...labels.map((label) => context.measureText(label).width));
  return Math.min(LABEL_ROOM, Math.ceil(longest) + 12);
}

/** Labels left of the rows; as many as there is room for. */
function writeRows(context: CanvasRenderingContext2D, labels: readonly string[], layout: Layout): void {
  const { left, top, cellHeight } = layout;
  context.textAlign = "right";
  const every = Math.ceil((LABEL_FONT + 1) / cellHeight);
  for (let row = 0; row < labels.length; row += every) {
    context.fillText(fitting(context, labels[row] ?? "", left - 8), left - 6, top + (row + 0.5) * cellHeight);
  }
}

/** Labels over the columns, from bottom to top. */
function writeColumns(context: CanvasRenderingContext2D, labels: readonly string[], layout: Layout): void {
  const { left, top, cellWidth } = layout;
  context.textAlign = "left";
  const every = Math.ceil((LABEL_FONT + 1) / cellWidth);
  for (let column = 0; column < labels.length; column += every) {
    context.save();
    context.translate(left + (column + 0.5) * cellWidth, top - 6);
    context.rotate(-Math.PI / 2);
    context.fillText(fitting(context, labels[column] ?? "", top - 8), 0, 0);
    context.restore();
  }
}

/** A text cut so that it fits. */
function fitting(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  const chars = [...text];
  while (chars.length > 1 && context.measureText(`${chars.join("")}…`).width > room) chars.pop();
  return `${chars.join("")}…`;
}

function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i] ?? 0);
    if (size > most) most = size; // false for NaN
  }
  return most;
}

function clamp(index: number, count: number): number {
  return Math.min(count - 1, Math.max(0, index));
}
