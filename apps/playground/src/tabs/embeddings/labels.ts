/** A point in pixels, and what is written beside it. */
export interface Spot {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

const LINE = 15;
const LETTER = 8;

/** Heights of the labels: that of its point, or as far below it as it takes to lie on no other label. */
export function withoutOverlap(spots: readonly Spot[]): number[] {
  const heights: number[] = [];
  const placed: { left: number; right: number; y: number }[] = [];
  for (const i of [...spots.keys()].toSorted((a, b) => spots[a]!.y - spots[b]!.y)) {
    const { x, y: wanted, text } = spots[i]!;
    const right = x + LETTER * widthOf(text);
    const beside = placed.filter((other) => other.left < right && x < other.right).toSorted((a, b) => a.y - b.y);
    let y = wanted;
    for (const other of beside) if (Math.abs(other.y - y) < LINE) y = other.y + LINE;
    placed.push({ left: x, right, y });
    heights[i] = y;
  }
  return heights;
}

/** In letters; what is not Latin is twice as wide. */
function widthOf(text: string): number {
  return [...text].reduce((sum, char) => sum + (char > "\u2E7F" ? 2 : 1), 1);
}
