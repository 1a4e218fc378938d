/** A point in pixels, and what is written beside it. */
export interface Spot {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

/** What a label must not lie on. */
interface Obstacle {
  readonly left: number;
  readonly right: number;
  readonly y: number;
  /** How far from its height a label is free of it. */
  readonly gap: number;
}

const LINE = 15;
const LETTER = 8;
/** From a point to its label, and to others. */
const BESIDE = 5;
const DOT_GAP = 11;

/** Heights of the labels: that of its point, or as far below it as it takes to lie on no other label or point. */
export function withoutOverlap(spots: readonly Spot[]): number[] {
  const heights: number[] = [];
  const placed = spots.map(({ x, y }): Obstacle => ({ left: x - BESIDE, right: x + BESIDE, y, gap: DOT_GAP }));
  for (const i of [...spots.keys()].toSorted((a, b) => spots[a]!.y - spots[b]!.y)) {
    const { x, y: wanted, text } = spots[i]!;
    const left = x + BESIDE;
    const right = left + LETTER * widthOf(text);
    const beside = placed.filter((other) => other.left < right && left < other.right).toSorted((a, b) => a.y - b.y);
    let y = wanted;
    for (const other of beside) if (Math.abs(other.y - y) < other.gap) y = other.y + other.gap;
    placed.push({ left, right, y, gap: LINE });
    heights[i] = y;
  }
  return heights;
}

/** In letters; what is not Latin is twice as wide. */
function widthOf(text: string): number {
  return [...text].reduce((sum, char) => sum + (char > "\u2E7F" ? 2 : 1), 1);
}
