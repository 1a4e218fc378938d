/**
 * Our side of `pnpm bench decode`, in a process of its own: loads a model folder, says so, and answers each line of JSON on
 * stdin, a `Task`, with an `Answer`.
 *
 *     tsx bench/decode-ours.ts eager|compiled|onnx-none|onnx-int8|onnx-int4|onnx-dynamic FOLDER
 */
import { createInterface } from "node:readline";
import { CompiledDecoder, type Decoder, generate, type GPTModel, ModelDecoder } from "@scratch-llm/gpt";
import { OnnxDecoder, type Quantization } from "@scratch-llm/onnx";
import type { Answer, Task } from "./decode.ts";

/** How each mode decodes; it imports what it needs. */
const MODES: Readonly<Record<string, (folder: string) => Promise<Decoder>>> = {
  eager: async (folder) => new ModelDecoder(await onTensorFlow(folder)),
  compiled: async (folder) => {
    const { compile } = await import("@scratch-llm/backend/node");
    return new CompiledDecoder(await onTensorFlow(folder), { compile });
  },
  "onnx-none": (folder) => onOnnxRuntime(folder, "none"),
  "onnx-int8": (folder) => onOnnxRuntime(folder, "int8"),
  "onnx-int4": (folder) => onOnnxRuntime(folder, "int4"),
  "onnx-dynamic": (folder) => onOnnxRuntime(folder, "dynamic"),
};

async function onTensorFlow(folder: string): Promise<GPTModel> {
  const { useBackend } = await import("@scratch-llm/backend/node");
  const { loadModelFolder } = await import("@scratch-llm/weights-loader/node");
  await useBackend("native");
  return (await loadModelFolder(folder)).model.eval();
}

async function onOnnxRuntime(folder: string, quantization: Quantization): Promise<Decoder> {
  const { openOnnxModel } = await import("@scratch-llm/onnx/node");
  const { onnxFolder } = await import("./model-folder.ts");
  return new OnnxDecoder(await openOnnxModel(onnxFolder(folder, quantization)));
}

const [mode = "eager", folder = ""] = process.argv.slice(2);
const begin = performance.now();
const decoder = await MODES[mode]!(folder);
console.log(JSON.stringify({ loadMs: performance.now() - begin }));

for await (const line of createInterface({ input: process.stdin })) console.log(JSON.stringify(await answer(line)));

async function answer(line: string): Promise<Answer> {
  const { prompts, tokens } = JSON.parse(line) as Task;
  const ids: number[][] = prompts.map(() => []);
  const rows = prompts.map((prompt) => Int32Array.from(prompt));
  const started = performance.now();
  for await (const { row, id } of generate(decoder, rows, { maxNewTokens: tokens, logProbs: false })) {
    ids[row]?.push(id);
  }
  return { ids, ms: performance.now() - started, peakRssBytes: process.resourceUsage().maxRSS * 1024 };
}
