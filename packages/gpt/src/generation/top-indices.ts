/** The places of the `k` largest values, largest first; of equal values the first. O(n + k² log(n/k)) in the usual case. */
export function topIndices(values: ArrayLike<number>, k: number): number[] {
  const top: number[] = [];
  if (k <= 0) return top;
  let least = Number.NEGATIVE_INFINITY; // of the k
  let isFull = false;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (isFull && !(value > least)) continue;
    let place = top.length;
    while (place > 0 && value > (values[top[place - 1] as number] as number)) place--;
    top.splice(place, 0, i);
    isFull = top.length >= k;
    top.length = Math.min(top.length, k);
    least = values[top.at(-1) as number] as number;
  }
  return top;
}
