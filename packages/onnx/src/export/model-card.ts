import { countParameters, type GPTConfig } from "@scratch-llm/gpt";
import { fileNames } from "./onnx-model.ts";
import type { Quantization } from "./quantization.ts";
import type { TensorError } from "./weights.ts";

/** What a card tells of a model. */
interface CardOptions {
  readonly config: GPTConfig;
  readonly quantization: Quantization;
  readonly errors: readonly TensorError[];
}

/** The `README.md` of a deployable folder. */
export function modelCard({ config, quantization, errors }: CardOptions): string {
  const names = fileNames(quantization);
  const { contextLength, nLayers, nHeads, embDim, vocabSize } = config;
  const parameters = (countParameters(config) / 1e6).toFixed(1);
  const worst = errors.toSorted((a, b) => b.relativeError - a.relativeError)[0];
  const accuracy =
    worst === undefined
      ? "Weights are 32-bit floats."
      : `Weights are ${quantization}; the largest error is ${(100 * worst.relativeError).toFixed(2)} % (${worst.name}).`;
  return `---
library_name: transformers.js
pipeline_tag: text-generation
tags: [gpt2, onnx]
---

# GPT, ${parameters} million parameters

${nLayers} layers of ${nHeads} heads, width ${embDim}, context ${contextLength}, vocabulary ${vocabSize}. ${accuracy}

- \`onnx/${names.standard}\`: for transformers.js and ONNX Runtime (inputs and outputs as Hugging Face optimum names them)
- \`onnx/${names.decoder}\`: for \`scratch-llm serve\` and \`generate\`, faster
- \`onnx/${names.data}\`: the weights of both

In JavaScript, with transformers.js and this folder at PATH:

\`\`\`js
const generate = await pipeline("text-generation", PATH);
console.log(await generate("Every effort", { max_new_tokens: 40 }));
\`\`\`
`;
}
