/**
 * The first key that an object of this JSON text holds twice, at any depth, or undefined.
 *
 * The format forbids duplicate keys, and `JSON.parse` keeps the last one silently: two readers could see two
 * different tensors under one name. The text must be valid JSON already.
 */
export function findDuplicateKey(text: string): string | undefined {
  const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/gs;
  const open: Set<string>[] = [];
  for (const [match, colon] of text.matchAll(token)) {
    if (match === "{") open.push(new Set());
    else if (match === "}") open.pop();
    else if (colon !== undefined) {
      const key = JSON.parse(match.slice(0, -colon.length)) as string;
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return undefined;
}
