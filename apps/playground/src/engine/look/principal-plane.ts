/** Points in a plane, and the shares of the variance along its axes. */
export interface Plane {
  readonly points: Float32Array; // (rows, 2)
  readonly explained: readonly [number, number];
}

const ROUNDS = 200;

/**
 * Principal component analysis down to two dimensions: the axes along which the rows differ most, found one after the other
 * by power iteration. The sign of an axis is chosen so that its largest part is positive.
 *
 * @param rows (n, width), row-major
 */
export function principalPlane(rows: Float32Array, width: number): Plane {
  const n = rows.length / width;
  const centred = centre(rows, width);
  const variance = centred.reduce((sum, value) => sum + value * value, 0);
  const points = new Float32Array(n * 2);
  const explained: [number, number] = [0, 0];
  const axes: Float64Array[] = [];
  for (const axis of [0, 1] as const) {
    const direction = leadingDirection(centred, width, axes);
    axes.push(direction);
    for (let row = 0; row < n; row++) {
      const place = dotRow(centred, row, direction);
      points[2 * row + axis] = place;
      explained[axis] += variance === 0 ? 0 : (place * place) / variance;
    }
  }
  return { points, explained };
}

function centre(rows: Float32Array, width: number): Float64Array {
  const n = rows.length / width;
  const result = Float64Array.from(rows);
  for (let column = 0; column < width; column++) {
    let sum = 0;
    for (let row = 0; row < n; row++) sum += result[row * width + column]!;
    for (let row = 0; row < n; row++) result[row * width + column]! -= sum / n;
  }
  return result;
}

/** The unit vector along which the rows vary most, at right angles to the axes found before. */
function leadingDirection(centred: Float64Array, width: number, found: readonly Float64Array[]): Float64Array {
  const n = centred.length / width;
  // Any start will do that is not at right angles to the answer; the same each time gives the same picture.
  let direction = normalize(
    withoutAxes(
      Float64Array.from({ length: width }, (_, i) => Math.sin(i + 1)),
      found,
    ),
  );
  for (let round = 0; round < ROUNDS; round++) {
    const next = new Float64Array(width); // XᵀX · direction
    for (let row = 0; row < n; row++) {
      const along = dotRow(centred, row, direction);
      for (let i = 0; i < width; i++) next[i]! += along * centred[row * width + i]!;
    }
    const turned = normalize(withoutAxes(next, found));
    const change = turned.reduce((sum, value, i) => sum + Math.abs(value - direction[i]!), 0);
    direction = turned;
    if (change < 1e-9) break;
  }
  const largest = direction.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  return largest < 0 ? direction.map((value) => -value) : direction;
}

function withoutAxes(vector: Float64Array, axes: readonly Float64Array[]): Float64Array {
  let result = vector;
  for (const axis of axes) {
    const along = result.reduce((sum, value, i) => sum + value * axis[i]!, 0);
    result = result.map((value, i) => value - along * axis[i]!);
  }
  return result;
}

function normalize(vector: Float64Array): Float64Array {
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}

function dotRow(matrix: Float64Array, row: number, vector: Float64Array): number {
  let sum = 0;
  const start = row * vector.length;
  for (let i = 0; i < vector.length; i++) sum += matrix[start + i]! * vector[i]!;
  return sum;
}
