import type { StreamDecoder } from "@scratch-llm/tokenizer";
import type { GenerateOptions } from "./generate-options.ts";
import { endingIds, Sampler } from "./sampler.ts";
import { logSumExp } from "./softmax.ts";
import { StopStrings } from "./stop-strings.ts";
import { topIndices } from "./top-indices.ts";

/** Why a row ended: an ending token, a stop string, maxNewTokens, or a full context with `overflow: "stop"`. */
export type FinishReason = "eos" | "stop" | "length" | "context";

/** A token and the logarithm of its probability under the model, before penalties and temperature. */
export interface TokenLogProb {
  readonly id: number;
  readonly logProb: number;
}

/** One generated token. */
export interface GenerateStep extends TokenLogProb {
  /** Which prompt it continues. */
  readonly row: number;
  /** The most likely tokens here, as many as `topLogProbs` asked for. */
  readonly topLogProbs: readonly TokenLogProb[];
  /** What may be shown now: whole characters, and nothing of a stop string or an ending token. Empty without a tokenizer. */
  readonly text: string;
  /** Set with the row's last token. */
  readonly finishReason: FinishReason | undefined;
}

/** One prompt and what has been generated for it. */
export class GenerationRow {
  readonly ids: number[];
  readonly #row: number;
  readonly #options: GenerateOptions;
  readonly #contextLength: number;
  readonly #promptLength: number;
  readonly #endingIds: ReadonlySet<number>;
  readonly #sampler: Sampler;
  readonly #decoder: StreamDecoder | undefined;
  readonly #stopStrings: StopStrings;
  /** Where the part of the row begins that the model looks at. */
  #start = 0;
  #finished = false;

  constructor(row: number, prompt: ArrayLike<number>, options: GenerateOptions, contextLength: number) {
    this.ids = Array.from(prompt);
    this.#row = row;
    this.#options = options;
    this.#contextLength = contextLength;
    this.#promptLength = prompt.length;
    this.#endingIds = new Set(endingIds(options));
    this.#sampler = new Sampler(options, row);
    this.#decoder = options.tokenizer?.streamDecoder();
    this.#stopStrings = new StopStrings(options.stopStrings ?? []);
    this.#start = Math.max(0, prompt.length - contextLength);
  }

  /** Whether it has its last token. */
  get finished(): boolean {
    return this.#finished;
  }

  /** What the model looks at. */
  get window(): Int32Array {
    return Int32Array.from(this.ids.slice(this.#start));
  }

  /** Moves the window when the row has outgrown the context; whether it had to move. */
  moveWindow(): boolean {
    if (this.ids.length - this.#start <= this.#contextLength) return false;
    const kept = this.#options.overflow === "halve" ? Math.ceil(this.#contextLength / 2) : this.#contextLength;
    this.#start = this.ids.length - kept;
    return true;
  }

  /** Picks the next token from the model's logits. */
  advance(logits: Float32Array): GenerateStep {
    const id = this.#sampler.pick(logits, { ids: this.ids, promptLength: this.#promptLength });
    this.ids.push(id);
    const isEnd = this.#endingIds.has(id);
    const piece = isEnd ? "" : (this.#decoder?.push(id) ?? "");
    let { text, stopped } = this.#stopStrings.push(piece);
    const finishReason = this.#finishReason(isEnd, stopped);
    if (finishReason && !stopped) {
      const rest = this.#stopStrings.push(this.#decoder?.flush() ?? "");
      text += rest.text + this.#stopStrings.flush();
    }
    this.#finished = finishReason !== undefined;
    return { row: this.#row, id, ...this.#logProbs(id, logits), text, finishReason };
  }

  #finishReason(isEnd: boolean, stopped: boolean): FinishReason | undefined {
    const { maxNewTokens = 50, overflow = "crop" } = this.#options;
    if (isEnd) return "eos";
    if (stopped) return "stop";
    if (this.ids.length - this.#promptLength >= maxNewTokens) return "length";
    if (overflow === "stop" && this.ids.length >= this.#contextLength) return "context";
    return undefined;
  }

  #logProbs(id: number, logits: Float32Array): { logProb: number; topLogProbs: TokenLogProb[] } {
    const { logProbs = true, topLogProbs = 0 } = this.#options;
    if (!logProbs) return { logProb: Number.NaN, topLogProbs: [] };
    const total = logSumExp(logits);
    const logProb = (token: number): number => (logits[token] ?? Number.NaN) - total;
    const top = topIndices(logits, topLogProbs);
    return { logProb: logProb(id), topLogProbs: top.map((token) => ({ id: token, logProb: logProb(token) })) };
  }
}
