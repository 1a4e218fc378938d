/** Deeper values than this are refused where any JSON is allowed: nothing that is written needs them. */
const MAX_DEPTH = 16;

/**
 * Reads JSON piece by piece, as its user expects it, and stops at the first thing that is not so.
 *
 * `JSON.parse` keeps the last of two equal keys silently, so that two readers could see two tensors under one name,
 * and it builds whatever a hostile file says (90 MB of `[` take 4 GB) before anyone can look at it.
 * Every method throws a SyntaxError that says where and what.
 */
export class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Reads an object; `onKey` must read the value. A key that is there twice is an error. */
  object(onKey: (key: string) => void): void {
    const keys = new Set<string>();
    this.#list("{", "}", () => {
      const key = this.string();
      if (keys.has(key)) this.fail(`the key ${JSON.stringify(key)} is there twice`);
      keys.add(key);
      this.#expect(":");
      onKey(key);
    });
  }

  /** Reads an array; `onItem` must read the item. */
  array(onItem: () => void): void {
    this.#list("[", "]", onItem);
  }

  /** Reads a string. */
  string(): string {
    this.#expect('"');
    const start = this.#at - 1;
    while (this.#text[this.#at] !== '"') {
      if (this.#at >= this.#text.length) this.fail("a string does not end");
      this.#at += this.#text[this.#at] === "\\" ? 2 : 1;
    }
    this.#at += 1;
    return JSON.parse(this.#text.slice(start, this.#at)) as string; // knows the escapes
  }

  /** Reads a whole number ≥ 0 that JavaScript holds exactly. */
  size(): number {
    const digits = this.#match(/0|[1-9]\d*/y) ?? this.fail("expected a whole number ≥ 0");
    const value = Number(digits);
    return Number.isSafeInteger(value) ? value : this.fail(`${digits.slice(0, 40)} is too large`);
  }

  /** Reads any value and forgets it. */
  skip(depth = 0): void {
    if (depth > MAX_DEPTH) this.fail(`more than ${MAX_DEPTH} values lie in each other`);
    const next = this.#peek();
    if (next === "{") this.object(() => this.skip(depth + 1));
    else if (next === "[") this.array(() => this.skip(depth + 1));
    else if (next === '"') this.string();
    else if (this.#match(/true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y) === undefined) {
      this.fail("expected a value");
    }
  }

  /** Checks that nothing follows. */
  end(): void {
    if (this.#peek() !== undefined) this.fail("expected the end");
  }

  fail(what: string): never {
    throw new SyntaxError(`${what} (at character ${this.#at})`);
  }

  #list(open: string, close: string, onItem: () => void): void {
    this.#expect(open);
    if (this.#peek() !== close) {
      onItem();
      while (this.#peek() === ",") {
        this.#at += 1;
        onItem();
      }
    }
    this.#expect(close);
  }

  #expect(character: string): void {
    const found = this.#peek();
    if (found !== character) this.fail(`expected ${character}, found ${found ?? "the end"}`);
    this.#at += 1;
  }

  /** The next character that is no white space, or undefined at the end. */
  #peek(): string | undefined {
    while (" \t\n\r".includes(this.#text[this.#at] ?? "x")) this.#at += 1;
    return this.#text[this.#at];
  }

  #match(sticky: RegExp): string | undefined {
    this.#peek();
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }
}
