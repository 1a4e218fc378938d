import { toBookName } from "@scratch-llm/gpt";
import { AdamW, Generator, TorchDropout, useDropout, valueAndGrads } from "@scratch-llm/nn";
import { expectNoTensorLeak, onBackends } from "@test/backend.ts";
import { expectClose } from "@test/expect-close.ts";
import { describe, expect, it } from "vitest";
import { buildLoaders, buildModel, type Packed, parity, unpack } from "../test/parity-fixture.ts";
import { calcAccuracyLoader } from "./accuracy.ts";
import { calcClassLossBatch, classLogits } from "./class-logits.ts";
import { collateTexts } from "./spam-dataset.ts";
import { trainClassifier } from "./train-classifier.ts";
import { type ClassifierHistory, trainClassifierSimple } from "./train-classifier-simple.ts";
import { chooseTrainable } from "./trainable.ts";

const { pad: padTokenId, inputs, targets } = parity;
const batch = (): ReturnType<typeof collateTexts> =>
  collateTexts(inputs.map((ids, i) => ({ ids: Int32Array.from(ids), label: targets[i] as number })));

onBackends((backend) => {
  const absolute = backend === "wasm" ? 1e-4 : 1e-5; // WASM forms sums in another order

  describe.each(parity.variants)("position $position, causal $causal", ({ position, causal, ...expected }) => {
    const readOut = { position, padTokenId };

    it("gives PyTorch's logits, loss, accuracy and gradients", async () => {
      const model = buildModel(new Generator(), { causalMask: causal });
      expectClose(classLogits(model, batch().inputs, readOut), expected.logits, { absolute });
      const { value, grads } = valueAndGrads(
        () => calcClassLossBatch(batch(), model, readOut),
        model.namedParameters(),
      );
      expectClose(value, [expected.loss], { absolute });
      expect([...grads.keys()].map(toBookName).toSorted()).toEqual(Object.keys(expected.gradients).toSorted());
      for (const [name, grad] of grads) {
        expectClose(grad, unpack(expected.gradients[toBookName(name)] as Packed), { absolute, relative: absolute });
      }
      expect(await calcAccuracyLoader([batch()], { model, ...readOut })).toBeCloseTo(expected.accuracy, 6);
    });
  });

  const { epochs, evalFreq, evalIter, run: expected } = parity;

  /** The fixture's run: model and head, last block, loaders, optimizer. */
  function setUp(generator: Generator) {
    const model = buildModel(generator, { dropRate: 0.1 });
    chooseTrainable(model, "last_block");
    useDropout(model, new TorchDropout(generator));
    const { lr, weight_decay: weightDecay } = parity.adamw;
    const optimizer = new AdamW(model.namedParameters(), { lr, weightDecay });
    return { model, optimizer, ...buildLoaders(generator), position: "last", padTokenId } as const;
  }

  function expectRun(found: ClassifierHistory, generator: Generator): void {
    expectClose(found.trainLosses, expected.trainLosses, { absolute: 10 * absolute });
    expectClose(found.valLosses, expected.valLosses, { absolute: 10 * absolute });
    expectClose(found.trainAccs, expected.trainAccs);
    expectClose(found.valAccs, expected.valAccs);
    expect(found.examplesSeen).toBe(expected.examplesSeen);
    expect(generator.randint(0, 2 ** 20)).toBe(expected.nextDraw);
  }

  it("trainClassifierSimple is the book's loop, draw for draw", async () => {
    const generator = new Generator();
    await expectNoTensorLeak(async () => {
      const run = setUp(generator);
      const lines: string[] = [];
      const log = (line: string): void => void lines.push(line);
      expectRun(await trainClassifierSimple({ ...run, numEpochs: epochs, evalFreq, evalIter, log }), generator);
      expect(lines[0]).toMatch(/^Ep 1 \(Step 000000\): Train loss \d\.\d{3}, Val loss \d\.\d{3}$/);
      expect(lines.at(-1)).toMatch(/^Training accuracy: \d+\.\d\d% \| Validation accuracy: \d+\.\d\d%$/);
      run.optimizer.dispose();
      run.model.dispose();
    });
  });

  it("so is trainClassifier", async () => {
    const generator = new Generator();
    const { trainLoader, ...run } = setUp(generator);
    const found: ClassifierHistory = { trainLosses: [], valLosses: [], trainAccs: [], valAccs: [], examplesSeen: 0 };
    const dropout = new TorchDropout(generator);
    const options = { ...run, trainLoader, epochs, evalEvery: evalFreq, evalBatches: evalIter, dropout };
    for await (const event of trainClassifier(options)) {
      if (event.type === "step") found.examplesSeen += trainLoader.batchSize;
      if (event.type === "eval") {
        found.trainLosses.push(event.trainLoss);
        found.valLosses.push(event.valLoss);
      }
      if (event.type === "epoch") {
        found.trainAccs.push(event.trainAccuracy);
        found.valAccs.push(event.valAccuracy);
      }
    }
    expectRun(found, generator);
  });
});
