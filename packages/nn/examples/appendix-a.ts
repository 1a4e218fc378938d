// Appendix A of the book in one go. Run it with `node packages/nn/examples/appendix-a.ts` (Node ≥ 22.18, after `pnpm build`).
import { manualSeed } from "@scratch-llm/nn";
import { NeuralNetwork } from "./neural-network.ts";
import { testSet, trainSet } from "./toy-dataset.ts";
import { accuracy, trainToy } from "./train-toy.ts";

manualSeed(123);
const model = new NeuralNetwork(2, 2);
for (const { epoch, batch, loss } of trainToy(model, trainSet)) {
  console.log(`Epoch: ${epoch + 1}/3 | Batch ${batch} | Train loss: ${loss.toFixed(2)}`);
}
console.log(`Accuracy: ${accuracy(model, trainSet)} on the training set, ${accuracy(model, testSet)} on the test set`);
