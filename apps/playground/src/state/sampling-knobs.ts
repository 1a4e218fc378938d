import type { Signal } from "@preact/signals";
import type { SamplingOptions } from "../engine/protocol.ts";
import { integer, number, type Param } from "./params.ts";

/** The knobs of sampling as a tab's state. */
export type Sampling = { temperature: number; topK: number; topP: number; minP: number };
export type SamplingKnobs = { readonly [K in keyof Sampling]: Signal<number> };

interface Knob {
  readonly name: keyof Sampling;
  readonly testId: string;
  /** Where it changes nothing. */
  readonly neutral: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

export const KNOBS: readonly Knob[] = [
  { name: "temperature", testId: "temperature", neutral: 1, min: 0, max: 2, step: 0.05 },
  { name: "topK", testId: "top-k", neutral: 0, min: 0, max: 100, step: 1 },
  { name: "topP", testId: "top-p", neutral: 1, min: 0.01, max: 1, step: 0.01 },
  { name: "minP", testId: "min-p", neutral: 0, min: 0, max: 1, step: 0.01 },
];

/** The knobs in a tab's address, neutral where no other fallback is given. */
export function samplingParams(fallback: Partial<Sampling> = {}): { readonly [K in keyof Sampling]: Param<number> } {
  const params = KNOBS.map(({ name, neutral, min, max, step }) => {
    const kind = step === 1 ? integer : number;
    return [name, kind(fallback[name] ?? neutral, min, max)];
  });
  return Object.fromEntries(params) as { [K in keyof Sampling]: Param<number> };
}

/** What the knobs say. One that changes nothing is left out. */
export function samplingOf(knobs: SamplingKnobs): SamplingOptions {
  const turned = KNOBS.filter(({ name, neutral }) => knobs[name].value !== neutral);
  return { temperature: 1, ...Object.fromEntries(turned.map(({ name }) => [name, knobs[name].value])) };
}

/** Turns all of them to where they change nothing. */
export function resetKnobs(knobs: SamplingKnobs): void {
  for (const { name, neutral } of KNOBS) knobs[name].value = neutral;
}
