/** Whether a response is the expected one, apart from white space around and between words. No judge of meaning. */
export function exactMatch(response: string, expected: string): boolean {
  const normal = (text: string): string => text.trim().replaceAll(/\s+/gu, " ");
  return normal(response) === normal(expected);
}

/**
 * ROUGE-L: how much of the expected text's words a response has in their order, from 0 to 1: the F1 measure of the longest
 * common subsequence (Lin, ROUGE, 2004). Words are runs of letters and digits in lower case; each Chinese character is one.
 * It compares words, not meaning: without a judge it is a hint.
 *
 * @example
 * rougeL("The cat sat there.", "The cat sat."); // 2 · 3 / (4 + 3)
 */
export function rougeL(response: string, expected: string): number {
  const [a, b] = [words(response), words(expected)];
  if (a.length === 0 || b.length === 0) return a.length === b.length ? 1 : 0;
  return (2 * longestCommonSubsequence(a, b)) / (a.length + b.length);
}

function words(text: string): string[] {
  return text.toLowerCase().match(/\p{Script=Han}|(?:(?!\p{Script=Han})[\p{L}\p{N}])+/gu) ?? [];
}

function longestCommonSubsequence(a: readonly string[], b: readonly string[]): number {
  let previous = new Int32Array(b.length + 1);
  for (const word of a) {
    const current = new Int32Array(b.length + 1);
    for (const [j, other] of b.entries()) {
      current[j + 1] = word === other ? (previous[j] ?? 0) + 1 : Math.max(previous[j + 1] ?? 0, current[j] ?? 0);
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
