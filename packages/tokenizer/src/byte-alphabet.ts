/**
 * GPT-2's one printable character per byte, so that any bytes can be written as text in a vocabulary file.
 *
 * Printable Latin-1 bytes stand for themselves; the other 68 take the code points from U+0100 on, in order (byte 0 is Ā,
 * space is Ġ, newline is Ċ). Source: `bytes_to_unicode` in OpenAI's GPT-2 `encoder.py`.
 */
export const BYTE_TO_CHAR: readonly string[] = makeByteToChar();

/** The way back: character to byte. */
export const CHAR_TO_BYTE: ReadonlyMap<string, number> = new Map(BYTE_TO_CHAR.map((char, byte) => [char, byte]));

/** The 256 characters in the order of their code points: the first ids of every byte-level vocabulary. */
export const BYTE_ALPHABET: readonly string[] = BYTE_TO_CHAR.toSorted();

/** Bytes as GPT-2 writes them in vocabulary files: `" a"` is `"Ġa"`. */
export function bytesToText(bytes: Iterable<number>): string {
  let text = "";
  for (const byte of bytes) text += BYTE_TO_CHAR[byte] ?? "";
  return text;
}

/** The bytes of a token as GPT-2 writes them, or `undefined` when a character stands for no byte. */
export function textToBytes(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const byte = CHAR_TO_BYTE.get(text.charAt(i));
    if (byte === undefined) return undefined;
    bytes[i] = byte;
  }
  return bytes;
}

function makeByteToChar(): string[] {
  let free = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    return String.fromCharCode(printable ? byte : free++);
  });
}
