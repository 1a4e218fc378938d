const MARKS: Readonly<Record<string, string>> = { " ": "␣", "\n": "⏎", "\t": "⇥", "\r": "␍" };
/** Spaces, and control characters, which no font draws. */
const UNSEEN = /([ \p{Cc}])/u;

/** A token's text with marks for what cannot be seen: ␣ for a space, ⏎ for a new line. */
export function TokenText({ text }: { readonly text: string }) {
  const pieces = text.split(UNSEEN).filter((piece) => piece !== "");
  return (
    <span class="token-text">
      {pieces.map((piece, index) => {
        return UNSEEN.test(piece) ? <i key={index}>{markOf(piece)}</i> : piece;
      })}
    </span>
  );
}

/** The same as plain text, for labels on a canvas. */
export function visibleText(text: string): string {
  return text
    .split(UNSEEN)
    .map((piece) => (UNSEEN.test(piece) ? markOf(piece) : piece))
    .join("");
}

function markOf(char: string): string {
  return MARKS[char] ?? `<${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}>`;
}
