/** A token and where it lies in the text's UTF-8 bytes. */
export interface Piece {
  readonly id: number;
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
}

/** Tokens that only together make whole characters. */
export interface Group {
  readonly text: string;
  readonly pieces: readonly Piece[];
}

/** Tokens with their places, one group per run of whole characters. */
export function groupsOf(tokens: readonly { readonly id: number; readonly bytes: Uint8Array }[]): Group[] {
  const groups: Group[] = [];
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let open: Piece[] = [];
  let text = "";
  let from = 0;
  for (const { id, bytes } of tokens) {
    open.push({ id, bytes, from, to: from + bytes.length });
    from += bytes.length;
    text += decoder.decode(bytes, { stream: true });
    if (endsInside(open)) continue;
    groups.push({ text, pieces: open });
    open = [];
    text = "";
  }
  return open.length === 0 ? groups : [...groups, { text, pieces: open }];
}

/** The text of bytes that are whole characters. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Bytes as hex, such as `E6 88`. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join(" ");
}

/** Whether the bytes end before the last character does. */
function endsInside(pieces: readonly Piece[]): boolean {
  const bytes = pieces.flatMap((piece) => [...piece.bytes]).slice(-4);
  const lead = bytes.findLastIndex((byte) => byte >= 0xc0);
  if (lead === -1) return false;
  const length = bytes[lead]! >= 0xf0 ? 4 : bytes[lead]! >= 0xe0 ? 3 : 2;
  return bytes.length - lead < length;
}
