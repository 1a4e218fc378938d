/** The places of the `k` largest values, largest first; of equal values the first. O(n + k² log(n/k)) in the usual case. */
export function topIndices(values: ArrayLike<number>, k: number): number[] {
  const top: number[] = [];
  const valueAt = (place: number): number => values[place] ?? Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = valueAt(i);
    if (top.length === k && !(value > valueAt(top[k - 1] ?? 0))) continue;
    let place = top.length;
    while (place > 0 && value > valueAt(top[place - 1] ?? 0)) place--;
    top.splice(place, 0, i);
    if (top.length > k) top.pop();
  }
  return top;
}
