import { readFile } from "node:fs/promises";
import { ContextLengthError } from "@scratch-llm/attention";
import { Generator } from "@scratch-llm/nn";
import { TableDecoder } from "@test/table-decoder.ts";
import { describe, expect, it } from "vitest";
import { EmptyPromptError, GenerateOptionsError } from "../errors.ts";
import { GPTModel } from "../gpt-model.ts";
import { beamSearch } from "./beam-search.ts";
import { generate } from "./generate.ts";
import { ModelDecoder } from "./model-decoder.ts";

/** What fixtures/gpt/make_sampling.py writes: what transformers' beam search finds. */
interface BeamFixture {
  readonly beamTable: number[][];
  readonly beamPrompt: number[];
  readonly beams: readonly (Record<"numBeams" | "lengthPenalty" | "maxNewTokens", number> &
    Record<"eosId" | "noRepeatNgramSize" | "repetitionPenalty" | "minNewTokens", number | null> & {
      readonly beams: readonly { readonly ids: number[]; readonly score: number }[];
    })[];
}

const fixture = JSON.parse(
  await readFile(new URL("../../../../fixtures/gpt/sampling.json", import.meta.url), "utf8"),
) as BeamFixture;

describe("transformers' beams", () => {
  it.for(fixture.beams)(
    "numBeams $numBeams, lengthPenalty $lengthPenalty, no repeated $noRepeatNgramSize, eos $eosId",
    async ({ beams: expected, ...settings }) => {
      const options = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null));
      const prompt = Int32Array.from(fixture.beamPrompt);
      const beams = await beamSearch(new TableDecoder(fixture.beamTable), prompt, options);
      expect(beams.map(({ ids }) => ids)).toEqual(expected.map(({ ids }) => ids));
      for (const [i, { score }] of beams.entries()) expect(score).toBeCloseTo(expected[i]?.score ?? Number.NaN, 5);
    },
  );
});

const model = new GPTModel(
  { vocabSize: 31, contextLength: 12, embDim: 12, nHeads: 3, nLayers: 2, dropRate: 0.1, qkvBias: false },
  { generator: new Generator(3) },
);

it("with one beam finds what greedy generation finds", async () => {
  const prompt = Int32Array.of(4, 8, 15);
  const [beam] = await beamSearch(model, prompt, { numBeams: 1, maxNewTokens: 8 });
  const greedy: number[] = [];
  for await (const { id } of generate(model, prompt, { maxNewTokens: 8 })) greedy.push(id);
  expect(beam?.ids).toEqual(greedy);
});

it("finds the same with and without a cache, and a likelier text than greedy generation", async () => {
  const prompt = Int32Array.of(4, 8, 15);
  const search = (useCache: boolean, numBeams: number) =>
    beamSearch(new ModelDecoder(model, { useCache }), prompt, { numBeams, maxNewTokens: 6 });
  const beams = await search(true, 8);
  expect((await search(false, 8)).map(({ ids }) => ids)).toEqual(beams.map(({ ids }) => ids));
  const [greedy] = await search(true, 1);
  expect(beams[0]?.score).toBeGreaterThanOrEqual(greedy?.score ?? 0);
});

it("follows 4 beams and divides by their length where nothing else is said", async () => {
  const prompt = Int32Array.of(4, 8, 15);
  const said = await beamSearch(model, prompt, { numBeams: 4, lengthPenalty: 1, maxNewTokens: 6 });
  expect(await beamSearch(model, prompt, { maxNewTokens: 6 })).toEqual(said);
});

it("refuses what cannot work and stops when told to", async () => {
  await expect(beamSearch(model, Int32Array.of(1), { numBeams: 0 })).rejects.toThrow(GenerateOptionsError);
  await expect(beamSearch(model, new Int32Array(12), { maxNewTokens: 3 })).rejects.toThrow(ContextLengthError);
  await expect(beamSearch(model, new Int32Array(0))).rejects.toThrow(EmptyPromptError);
  await expect(beamSearch(model, Int32Array.of(1), { signal: AbortSignal.abort() })).rejects.toThrow("aborted");
});
