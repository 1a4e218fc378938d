/** What may be shown of a text so far. */
export interface Shown {
  readonly text: string;
  /** Whether a stop string was found; the text ends just before it. */
  readonly stopped: boolean;
}

/**
 * Looks for stop strings in a text that arrives in pieces. The end of the text is held back while it may be the
 * beginning of a stop string, so nothing of one is ever shown, wherever the pieces break it.
 */
export class StopStrings {
  readonly #stops: readonly string[];
  #held = "";

  constructor(stops: readonly string[]) {
    this.#stops = stops.filter((stop) => stop !== "");
  }

  /** Adds a piece of text. */
  push(piece: string): Shown {
    const text = this.#held + piece;
    const found = this.#stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
    if (found.length > 0) {
      this.#held = "";
      return { text: text.slice(0, Math.min(...found)), stopped: true };
    }
    const safe = text.length - this.#longestBeginning(text);
    this.#held = text.slice(safe);
    return { text: text.slice(0, safe), stopped: false };
  }

  /** The text that was held back, when nothing follows any more. */
  flush(): string {
    const text = this.#held;
    this.#held = "";
    return text;
  }

  /** Length of the longest end of `text` that begins a stop string. */
  #longestBeginning(text: string): number {
    const lengths = this.#stops.map((stop) => {
      let length = Math.min(stop.length - 1, text.length);
      while (length > 0 && !stop.startsWith(text.slice(text.length - length))) length--;
      return length;
    });
    return Math.max(0, ...lengths);
  }
}
