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
 */
export function* preTokenize(text: string): Generator<string> {
  const pattern = new RegExp(PRE_TOKEN); // its own lastIndex: generators may run side by side
  let start = 0;
  while (pattern.test(text)) {
    yield text.slice(start, pattern.lastIndex); // every character is matched by some branch, so pieces touch
    start = pattern.lastIndex;
  }
}
