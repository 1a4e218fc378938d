import { manualSeed } from "@scratch-llm/nn";
import { expectClose } from "@test/expect-close.ts";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { ExampleDeepNeuralNetwork, meanGradients } from "./example-deep-neural-network.ts";

/** What section 4.4 prints with seed 123. */
const BOOK = {
  without: [
    0.00020173587836325169, 0.00012011159560643137, 0.0007152039906941354, 0.0013988736318424344, 0.005049645435065031,
  ],
  with: [0.22169792652130127, 0.20694106817245483, 0.32896995544433594, 0.2665732204914093, 1.3258540630340576],
};

it.each([
  { useShortcut: false, expected: BOOK.without },
  { useShortcut: true, expected: BOOK.with },
])("gives section 4.4's gradients with useShortcut $useShortcut", ({ useShortcut, expected }) => {
  manualSeed(123);
  const model = new ExampleDeepNeuralNetwork([3, 3, 3, 3, 3, 1], { useShortcut });
  const before = tf.memory().numTensors;
  const means = meanGradients(model, tf.tensor2d([[1, 0, -1]]));
  expect(tf.memory().numTensors).toBe(before + 1); // the input
  expect([...means.keys()]).toEqual([0, 1, 2, 3, 4].map((i) => `layers.${i}.0.weight`));
  expectClose([...means.values()], expected, { absolute: 0, relative: 1e-6 });
});
