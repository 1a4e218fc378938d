import { scaleLinear, type ScaleLinear } from "d3-scale";
import { line } from "d3-shape";

/** The words of the plot; the defaults are the book's. */
export interface PlotLabels {
  readonly epochs: string;
  readonly tokens: string;
  readonly loss: string;
  readonly train: string;
  readonly val: string;
}

/** What {@link plotLosses} draws: lists of equal length, one entry per evaluation. */
export interface LossPlot {
  readonly epochsSeen: readonly number[];
  readonly tokensSeen: readonly number[];
  readonly trainLosses: readonly number[];
  readonly valLosses: readonly number[];
  readonly title?: string;
  readonly labels?: Partial<PlotLabels>;
}

type Scale = ScaleLinear<number, number>;

const WIDTH = 640;
const HEIGHT = 420;
const [LEFT, RIGHT, TOP, BOTTOM] = [64, WIDTH - 24, 112, HEIGHT - 56];
const TRAIN = { color: "#0072b2", dash: "" }; // Okabe and Ito's palette: told apart by colour-blind readers
const VAL = { color: "#d55e00", dash: "8 3 2 3" };
const WORDS: PlotLabels = {
  epochs: "Epochs",
  tokens: "Tokens seen",
  loss: "Loss",
  train: "Training loss",
  val: "Validation loss",
};

/**
 * The loss plot of section 5.2 as an SVG document: epochs below, tokens seen above, and the last loss of either curve in
 * the legend. Losses that are not finite leave a gap.
 *
 * @throws {RangeError} for empty lists, or lists of unequal length.
 * @example
 * ```ts
 * const svg = plotLosses({ epochsSeen: [0, 1], tokensSeen: [512, 4608], trainLosses: [9.8, 6.1], valLosses: [9.9, 6.6] });
 * ```
 */
export function plotLosses({ title = "", labels = {}, ...curves }: LossPlot): string {
  requireEqualLengths(curves);
  const { epochsSeen, tokensSeen, trainLosses, valLosses } = curves;
  const words = { ...WORDS, ...labels };
  const epochs = scaleLinear(extent(epochsSeen), [LEFT, RIGHT]);
  const tokens = scaleLinear(extent(tokensSeen), [LEFT, RIGHT]);
  const [lowest, highest] = extent([...trainLosses, ...valLosses]);
  // Losses begin at 0; what else is drawn, such as the reward margins of DPO, may lie below.
  const loss = scaleLinear([Math.min(0, lowest * 1.02), Math.max(0, highest * 1.02)], [BOTTOM, TOP]).nice();
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img"`,
    ` font-family="system-ui, 'Noto Sans CJK SC', sans-serif" font-size="12" fill="#333">`,
    `<title>${escapeXml(title || `${words.train}, ${words.val}`)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    title && text(title, { x: LEFT, y: 28, size: 16, weight: 600 }),
    legend([
      { ...TRAIN, label: words.train, values: trainLosses },
      { ...VAL, label: words.val, values: valLosses },
    ]),
    lossAxis(loss, words.loss),
    tokensAxis(tokens, words.tokens),
    epochsAxis(epochs, words.epochs),
    curve({ ...VAL, xs: epochsSeen, ys: valLosses, epochs, loss }),
    curve({ ...TRAIN, xs: epochsSeen, ys: trainLosses, epochs, loss }),
    `</svg>\n`,
  ].join("");
}

function requireEqualLengths(lists: Readonly<Record<string, readonly number[]>>): void {
  const lengths = Object.entries(lists).map(([name, list]) => `${name} ${list.length}`);
  if (new Set(Object.values(lists).map((list) => list.length)).size !== 1 || lists.epochsSeen?.length === 0) {
    throw new RangeError(`Lists of equal length with at least one entry are needed, received ${lengths.join(", ")}.`);
  }
}

/** Lowest and highest of the finite values; never the same number twice, for an axis needs a length. */
function extent(values: readonly number[]): [number, number] {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return [0, 1];
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  return [low, high > low ? high : low + 1];
}

interface Series {
  readonly color: string;
  readonly dash: string;
}

function curve(options: Series & { xs: readonly number[]; ys: readonly number[]; epochs: Scale; loss: Scale }): string {
  const { color, dash, xs, ys, epochs, loss } = options;
  const points = xs.map((x, i): [number, number] => [x, ys[i] ?? Number.NaN]);
  const path = line()
    .defined(([, y]) => Number.isFinite(y))
    .x(([x]) => epochs(x))
    .y(([, y]) => loss(y))
    .digits(2)(points);
  const style = `fill="none" stroke="${color}" stroke-width="2" stroke-linejoin="round" stroke-linecap="round"`;
  return `<path d="${path ?? ""}" ${style}${dash && ` stroke-dasharray="${dash}"`}/>`;
}

function legend(entries: readonly (Series & { label: string; values: readonly number[] })[]): string {
  let x = LEFT;
  return entries
    .map(({ color, dash, label, values }) => {
      const words = `${label}  ${values.at(-1)?.toFixed(3) ?? ""}`;
      const style = `stroke="${color}" stroke-width="2"${dash && ` stroke-dasharray="${dash}"`}`;
      const entry = `<path d="M${x},48h30" ${style}/>${text(words, { x: x + 38, y: 52 })}`;
      x += 66 + Math.round(width(words));
      return entry;
    })
    .join("");
}

function lossAxis(scale: Scale, label: string): string {
  const format = scale.tickFormat(6);
  const ticks = scale.ticks(6).map((value) => {
    const y = round(scale(value));
    const grid = `<path d="M${LEFT},${y}H${RIGHT}" stroke="#e6e6e6"/>`;
    return grid + text(format(value), { x: LEFT - 10, y: y + 4, anchor: "end" });
  });
  const middle = (TOP + BOTTOM) / 2;
  return `${ticks.join("")}<g transform="translate(20 ${middle}) rotate(-90)">${text(label, { x: 0, y: 0, anchor: "middle" })}</g>`;
}

function epochsAxis(scale: Scale, label: string): string {
  const [first, last] = scale.domain() as [number, number];
  // Whole epochs where the run has some, as in the book.
  const ticks = scale.ticks(8).filter((value) => last - first < 1 || Number.isInteger(value));
  return horizontalAxis({ scale, ticks, format: scale.tickFormat(8), label, y: BOTTOM, side: 1 });
}

function tokensAxis(scale: Scale, label: string): string {
  const format = scale.tickFormat(8, "~s");
  return horizontalAxis({ scale, ticks: scale.ticks(8), format, label, y: TOP, side: -1 });
}

interface HorizontalAxis {
  readonly scale: Scale;
  readonly ticks: readonly number[];
  readonly format: (value: number) => string;
  readonly label: string;
  readonly y: number;
  /** 1: the words are below the line, −1: above it. */
  readonly side: 1 | -1;
}

function horizontalAxis({ scale, ticks, format, label, y, side }: HorizontalAxis): string {
  const marks = ticks.map((value) => {
    const x = round(scale(value));
    return `<path d="M${x},${y}v${5 * side}" stroke="#888"/>${text(format(value), { x, y: y + (side > 0 ? 19 : -10), anchor: "middle" })}`;
  });
  const words = text(label, { x: (LEFT + RIGHT) / 2, y: y + (side > 0 ? 42 : -30), anchor: "middle" });
  return `<path d="M${LEFT},${y}H${RIGHT}" stroke="#888"/>${marks.join("")}${words}`;
}

interface TextOptions {
  readonly x: number;
  readonly y: number;
  readonly anchor?: "middle" | "end";
  readonly size?: number;
  readonly weight?: number;
}

function text(content: string, { x, y, anchor, size, weight }: TextOptions): string {
  const style = [
    anchor && ` text-anchor="${anchor}"`,
    size && ` font-size="${size}"`,
    weight && ` font-weight="${weight}"`,
  ];
  return `<text x="${x}" y="${y}"${style.filter(Boolean).join("")} xml:space="preserve">${escapeXml(content)}</text>`;
}

/** About how wide a text of size 12 is; Chinese characters take a full em. */
function width(content: string): number {
  return Array.from(content, (char) => ((char.codePointAt(0) ?? 0) > 0x2e7f ? 12 : 6.6)).reduce((a, b) => a + b, 0);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function escapeXml(content: string): string {
  // Control characters are not allowed in XML at all, not even escaped.
  // oxlint-disable-next-line no-control-regex
  const allowed = content.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd");
  return allowed.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
