import { type Batch, DataLoader, GPTDatasetV1 } from "@scratch-llm/dataloader";
import { identityCompile } from "@scratch-llm/nn";
import { calcLossBatch, calcLossLoader, compileOnBatch, encodeTexts, perplexity } from "@scratch-llm/pretrain";
import { loadModelFolder } from "@scratch-llm/weights-loader/node";
import { bringUpBackend } from "../bring-up.ts";
import type { ComputeFlags, Context } from "../flags.ts";
import { TrainerError } from "../errors.ts";
import { readCorpus } from "../corpus.ts";
import { findModel } from "../find-model.ts";
import { fill } from "../messages/messages.ts";
import { computeOptions, StepCompiler } from "../step-compiler.ts";

/** The flags of `eval perplexity`. */
export interface PerplexityFlags extends ComputeFlags {
  readonly model?: string;
  readonly data?: readonly string[];
  readonly batchSize: number;
  readonly contextLength?: number;
}

/** `scratch-llm eval perplexity`: how surprised a model is by a text, window by window. */
export async function evalPerplexity(flags: PerplexityFlags, context: Context): Promise<void> {
  const { output, messages, backend } = context;
  const path = await findModel(flags.model, messages);
  const corpus = await readCorpus(flags.data ?? []);
  await bringUpBackend(backend, output, messages);
  const { model, tokenizer, config } = await loadModelFolder(path);
  const tokens = encodeTexts(corpus.texts, tokenizer);
  if (tokens.length < 2) throw new TrainerError("DATA", "The text is a single token. Give a longer one with --data.");
  const longest = Math.min(config.contextLength, tokens.length - 1);
  const maxLength = Math.min(flags.contextLength ?? longest, longest);
  const dataset = new GPTDatasetV1(tokens, undefined, { maxLength, stride: maxLength });
  const loader = new DataLoader(dataset, { batchSize: flags.batchSize, shuffle: false, dropLast: false });
  const compiler = new StepCompiler(computeOptions(flags));
  const { compile = identityCompile } = compiler;
  const batchLoss = compileOnBatch((batch: Batch) => calcLossBatch(batch, model), compile, { name: "perplexity" });
  const loss = await calcLossLoader(loader, model.eval(), { batchLoss });
  compiler.dispose();
  const values = { loss, perplexity: perplexity(loss), tokens: dataset.length * maxLength };
  const shown = { ...values, loss: loss.toFixed(4), perplexity: values.perplexity.toFixed(2) };
  output.result(fill(messages.run.perplexity, shown));
  output.event({ type: "done", ...values });
}
