import type { Signal } from "@preact/signals";
import type { SamplingOptions } from "../engine/protocol.ts";

/** The knobs of sampling in a tab's state. */
export interface SamplingKnobs {
  readonly temperature: Signal<number>;
  /** 0 keeps all. */
  readonly topK: Signal<number>;
  readonly topP: Signal<number>;
  readonly minP: Signal<number>;
}

/** What the knobs say. */
export function samplingOf({ temperature, topK, topP, minP }: SamplingKnobs): SamplingOptions {
  return {
    temperature: temperature.value,
    ...(topK.value > 0 && { topK: topK.value }),
    topP: topP.value,
    minP: minP.value,
  };
}
