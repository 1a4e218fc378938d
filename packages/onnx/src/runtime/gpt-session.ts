import type { GPTConfig } from "@scratch-llm/gpt";
import type { InferenceSession, TensorConstructor } from "onnxruntime-common";
import type { Metadata } from "../export/metadata.ts";
import type { Quantization } from "../export/quantization.ts";
import { KeyValueStore } from "./key-value-store.ts";

/** The part of ONNX Runtime that is needed; onnxruntime-node and onnxruntime-web both are one. */
export interface Runtime {
  readonly Tensor: TensorConstructor;
}

/** Hides a place from attention: e to its power is 0. */
const HIDDEN = -1e9;

type Run = (feeds: InferenceSession.FeedsType) => Promise<InferenceSession.ReturnType>;

/** A decoder graph in ONNX Runtime, with the rows that it has seen. */
export class GPTSession {
  readonly config: GPTConfig;
  /** How its weights are kept. */
  readonly quantization: Quantization;
  readonly store: KeyValueStore;
  readonly #runtime: Runtime;
  readonly #session: InferenceSession;
  readonly #run: Run;

  constructor(
    runtime: Runtime,
    session: InferenceSession,
    { config, quantization }: Pick<Metadata, "config" | "quantization">,
    run: Run = inTurn(session),
  ) {
    const { nLayers, nHeads, embDim } = config;
    this.config = config;
    this.quantization = quantization;
    this.store = new KeyValueStore({ nLayers, nHeads, headDim: embDim / nHeads });
    this.#runtime = runtime;
    this.#session = session;
    this.#run = run;
  }

  /** The same weights with rows of its own, for a second decoder beside the first. Both end when one is disposed of. */
  sibling(): GPTSession {
    return new GPTSession(this.#runtime, this.#session, this, this.#run);
  }

  /**
   * Appends tokens, the same number to each of `rows` (whose numbers follow one another), and keeps what attention needs of them.
   * @param keep whether a row is to grow by its tokens; the others are as before
   * @returns the logits after each row's last token
   */
  async append(
    rows: readonly number[],
    tokens: readonly ArrayLike<number>[],
    keep: (row: number) => boolean = () => true,
  ): Promise<Float32Array[]> {
    const { store, config } = this;
    const { nLayers, vocabSize } = config;
    const count = tokens[0]!.length;
    const results = await this.#run(this.#feeds(rows, tokens, count));
    const kept = rows.filter(keep);
    store.makeRoom(kept, count); // (only now: attention looks at every place that there is)
    for (let layer = 0; layer < nLayers; layer++) {
      const keys = results[`new_key.${layer}`]!.data as Float32Array;
      const values = results[`new_value.${layer}`]!.data as Float32Array;
      for (const [source, row] of rows.entries())
        if (keep(row)) store.write(layer, row, { keys, values, source, count });
    }
    for (const row of kept) store.lengths[row]! += count;
    const logits = results["logits"]!.data as Float32Array;
    return rows.map((_, i) => logits.subarray(i * vocabSize, (i + 1) * vocabSize));
  }

  #feeds(
    rows: readonly number[],
    tokens: readonly ArrayLike<number>[],
    count: number,
  ): Record<string, InstanceType<TensorConstructor>> {
    const { Tensor } = this.#runtime;
    const { store } = this;
    const { nLayers, nHeads, embDim, contextLength } = this.config;
    const [b, start] = [rows.length, rows[0]!];
    const isEmpty = rows.every((row) => store.lengths[row] === 0);
    const places = isEmpty ? 1 : store.places; // (ONNX Runtime cannot multiply by nothing)
    const ids = new BigInt64Array(b * count);
    const positions = new BigInt64Array(b * count);
    const bias = new Float32Array(b * places);
    for (const [i, row] of rows.entries()) {
      const length = store.lengths[row]!;
      for (let j = 0; j < count; j++) {
        ids[i * count + j] = BigInt(tokens[i]![j]!);
        positions[i * count + j] = BigInt(Math.min(length + j, contextLength - 1)); // (a full row may come along)
      }
      bias.fill(HIDDEN, i * places + length, (i + 1) * places);
    }
    const feeds: Record<string, InstanceType<TensorConstructor>> = {
      input_ids: new Tensor("int64", ids, [b, count]),
      position_ids: new Tensor("int64", positions, [b, count]),
      past_bias: new Tensor("float32", bias, [b, 1, 1, places]),
    };
    const d = embDim / nHeads;
    const nothing = new Float32Array(isEmpty ? b * embDim : 0);
    for (let layer = 0; layer < nLayers; layer++) {
      const keys = isEmpty ? nothing : store.keys(layer, start, b);
      const values = isEmpty ? nothing : store.values(layer, start, b);
      feeds[`past_key.${layer}`] = new Tensor("float32", keys, [b, nHeads, d, places]);
      feeds[`past_value.${layer}`] = new Tensor("float32", values, [b, nHeads, places, d]);
    }
    return feeds;
  }

  /** Closes the model, for siblings too. */
  async dispose(): Promise<void> {
    this.store.clear();
    await this.#session.release();
  }
}

/** One run after another: in WASM two at a time would disturb each other. */
function inTurn(session: InferenceSession): Run {
  let last: Promise<unknown> = Promise.resolve();
  return (feeds) => {
    const result = last.then(() => session.run(feeds));
    last = result.catch(() => {});
    return result;
  };
}
