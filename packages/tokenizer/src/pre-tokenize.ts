import { WordTooLongError } from "./errors.ts";

/**
 * GPT-2's pattern: contractions, then letters, digits or other signs with at most one space before them, then white space.
 * It is OpenAI's word for word, except that `\s` is spelled out: JavaScript's counts U+FEFF and leaves out U+0085.
 */
const PRE_TOKEN =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/**
 * Cuts a text into the pieces that byte-pair encoding never merges across (section 2.5). Joined, they are the text.
 *
 * @example
 * [...preTokenize("It's 2 lines\n\n  long")]; // "It", "'s", " 2", " lines", "\n\n ", " long"
 *
 * @throws WordTooLongError when the engine's pattern matcher runs out of stack, from four million signs on
 */
export function* preTokenize(text: string): Generator<string> {
  const pattern = new RegExp(PRE_TOKEN); // its own lastIndex: generators may run side by side
  let start = 0;
  while (matches(pattern, text, start)) {
    yield text.slice(start, pattern.lastIndex); // every character is matched by some branch, so pieces touch
    start = pattern.lastIndex;
  }
}

function matches(pattern: RegExp, text: string, start: number): boolean {
  try {
    return pattern.test(text);
  } catch (error) {
    throw new WordTooLongError(start, { cause: error });
  }
}

/**
 * Cuts the chunks of one long text anew, so that no piece ends inside a pre-token: encoding or counting the pieces is the
 * same as doing it to the whole text. Pieces end before white space; a text without any comes back as one piece.
 *
 * @example
 * [...wholeWords(["The ca", "t sat o", "n the mat"])]; // "The", " cat sat", " on the", " mat"
 */
export function* wholeWords(chunks: Iterable<string>): Generator<string> {
  let pending: string[] = []; // without a place to cut
  let last = " ";
  for (const chunk of chunks) {
    const cut = lastWordEnd(last, chunk);
    last = chunk.at(-1) ?? last;
    if (cut === undefined) {
      pending.push(chunk);
      continue;
    }
    const piece = pending.join("") + chunk.slice(0, cut);
    if (piece !== "") yield piece;
    pending = [chunk.slice(cut)];
  }
  const rest = pending.join("");
  if (rest !== "") yield rest;
}

/** The last place in `chunk` with white space after it and something else before it. */
function lastWordEnd(charBefore: string, chunk: string): number | undefined {
  for (let i = chunk.length - 1; i >= 0; i--) {
    if (isSpace(chunk.charAt(i)) && !isSpace(i > 0 ? chunk.charAt(i - 1) : charBefore)) return i;
  }
  return undefined;
}

function isSpace(char: string): boolean {
  return /^\p{White_Space}$/u.test(char);
}
