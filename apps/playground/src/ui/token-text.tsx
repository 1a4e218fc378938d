const MARKS: Readonly<Record<string, string>> = { " ": "␣", "\n": "⏎", "\t": "⇥", "\r": "␍" };

/** A token's text with marks for what cannot be seen: ␣ for a space, ⏎ for a new line. */
export function TokenText({ text }: { readonly text: string }) {
  const pieces = text.split(/([ \n\t\r])/).filter((piece) => piece !== "");
  return (
    <span class="token-text">
      {pieces.map((piece, index) => {
        const mark = MARKS[piece];
        return mark === undefined ? piece : <i key={index}>{mark}</i>;
      })}
    </span>
  );
}

/** The same as plain text, for labels on a canvas. */
export function visibleText(text: string): string {
  return text.replaceAll(/[ \n\t\r]/g, (char) => MARKS[char] ?? char);
}
