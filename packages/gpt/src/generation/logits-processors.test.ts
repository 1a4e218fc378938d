import { readFile } from "node:fs/promises";
import { expectClose } from "@test/expect-close.ts";
import { expect, it } from "vitest";
import type { GenerateOptions } from "./generate-options.ts";
import { applyProcessors } from "./logits-processor.ts";
import { occurrencePenalties } from "./occurrence-penalties.ts";
import { logitsProcessors } from "./sampler.ts";

/** What fixtures/gpt/make_sampling.py writes: the work of transformers' processors. */
interface Sampling {
  readonly ids: number[];
  readonly promptLength: number;
  readonly eosId: number;
  readonly logits: string;
  readonly processors: Record<string, string>;
  readonly combined: { readonly options: GenerateOptions; readonly logits: string };
}

const sampling = JSON.parse(
  await readFile(new URL("../../../../fixtures/gpt/sampling.json", import.meta.url), "utf8"),
) as Sampling;
const unpack = (base64: string): Float32Array => new Float32Array(new Uint8Array(Buffer.from(base64, "base64")).buffer);
const { ids, promptLength, eosId } = sampling;

/** The fixed logits after all processors that the options ask for. */
function process(options: GenerateOptions): Float32Array {
  const logits = unpack(sampling.logits);
  const result = applyProcessors(logitsProcessors({ eosId, ...options }), logits, { ids, promptLength });
  expect(logits, "the input is left as it is").toEqual(unpack(sampling.logits));
  return result;
}

function expectSame(actual: Float32Array, expected: Float32Array): void {
  const excluded = (logits: Float32Array): number[] =>
    [...logits.entries()].filter(([, logit]) => logit === Number.NEGATIVE_INFINITY).map(([i]) => i);
  const finite = (logits: Float32Array): Float32Array => logits.filter((logit) => logit !== Number.NEGATIVE_INFINITY);
  expect(excluded(actual)).toEqual(excluded(expected));
  expectClose(finite(actual), finite(expected), { absolute: 0, relative: 1e-6 });
}

it.for(Object.keys(sampling.processors))("%s changes logits as in transformers", (name) => {
  const [option, value] = name.split(" ");
  const warps = ["topK", "topP", "minP"].includes(option ?? "") ? { temperature: 1 } : {};
  expectSame(process({ ...warps, [option ?? ""]: Number(value) }), unpack(sampling.processors[name] ?? ""));
});

it("applies all of them in transformers' order", () => {
  expectSame(process(sampling.combined.options), unpack(sampling.combined.logits));
});

it("leaves the ranking alone where the most likely token is wanted", () => {
  expect(process({ topK: 3, topP: 0.5, minP: 0.5 })).toEqual(unpack(sampling.logits));
});

it("subtracts presence and frequency penalties by OpenAI's formula, for generated tokens only", () => {
  const logits = Float32Array.of(1, 2, 3, 4);
  const penalize = occurrencePenalties({ presencePenalty: 0.5, frequencyPenalty: 0.25 });
  const result = penalize(logits, { ids: [0, 0, 1, 2, 1, 1], promptLength: 2 });
  expect([...result]).toEqual([1, 2 - 3 * 0.25 - 0.5, 3 - 0.25 - 0.5, 4]);
});
