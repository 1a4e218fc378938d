import { Generator } from "@scratch-llm/nn";
import { onBackends } from "@test/backend.ts";
import { DECODERS } from "@test/decoders.ts";
import { describe, expect, it } from "vitest";
import { GPTModel } from "../gpt-model.ts";
import { beamSearch } from "./beam-search.ts";
import type { Decoder } from "./decoder.ts";
import { generate } from "./generate.ts";
import type { GenerateOptions } from "./generate-options.ts";
import { ModelDecoder } from "./model-decoder.ts";

const PROMPTS = [[4, 8, 15, 16, 23, 42], [7], [1, 2, 3]].map((ids) => Int32Array.from(ids));

const CASES: Readonly<Record<string, GenerateOptions>> = {
  "until rows end for themselves": { maxNewTokens: 9, stopIds: [11, 30, 60, 77] },
  "beyond the context, cropping": { maxNewTokens: 24 },
  "beyond the context, halving": { maxNewTokens: 24, overflow: "halve" },
  "up to the context": { maxNewTokens: 24, overflow: "stop" },
  "by sampling": { maxNewTokens: 12, temperature: 1, topK: 20, seed: 5 },
};

onBackends(
  (backend) => {
    const decoders = Object.entries(DECODERS).filter(([name]) => backend === "native" || !name.startsWith("compiled"));
    const model = new GPTModel(
      { vocabSize: 97, contextLength: 16, embDim: 24, nHeads: 4, nLayers: 2, dropRate: 0.1, qkvBias: false },
      { generator: new Generator(7) },
    );

    async function write(decoder: Decoder, options: GenerateOptions): Promise<string[]> {
      const written: string[] = [];
      for await (const { row, id, finishReason } of generate(decoder, PROMPTS, options)) {
        written.push(`${row}: ${id} ${finishReason ?? ""}`);
      }
      return written;
    }

    describe.each(decoders)("%s", (_name, make) => {
      it.each(Object.entries(CASES))("writes the same %s", async (_case, options) => {
        const decoder = make(model);
        const expected = await write(new ModelDecoder(model, { useCache: false }), options);
        expect(await write(decoder, options)).toEqual(expected);
        expect(await write(decoder, options), "once more").toEqual(expected);
        decoder.dispose();
      });

      it("finds the same beams", async () => {
        const decoder = make(model);
        const search = (by: Decoder) => beamSearch(by, Int32Array.of(4, 8, 15), { numBeams: 4, maxNewTokens: 6 });
        const ids = (await search(new ModelDecoder(model, { useCache: false }))).map((beam) => beam.ids);
        expect((await search(decoder)).map((beam) => beam.ids)).toEqual(ids);
        decoder.dispose();
      });
    });
  },
  ["cpu", "native"],
);
