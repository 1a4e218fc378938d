import { generateTextSimple } from "@scratch-llm/gpt";
import { loadModelFolder } from "@scratch-llm/weights-loader/node";
import { bringUpBackend } from "../bring-up.ts";
import type { Context } from "../cli.ts";
import { findModel } from "../find-model.ts";

/** The flags of `generate`. */
export interface GenerateOptions {
  readonly model?: string;
  readonly prompt: string;
  readonly maxNewTokens: number;
}

/** `scratch-llm generate`: the prompt and what the model writes after it. */
export async function generateCommand(options: GenerateOptions, context: Context): Promise<void> {
  const { output, messages, backend } = context;
  const path = await findModel(options.model, messages);
  await bringUpBackend(backend, output, messages);
  const { model, tokenizer } = await loadModelFolder(path);
  const ids = tokenizer.encode(options.prompt);
  const { maxNewTokens } = options;
  const all = generateTextSimple({ model: model.eval(), ids, maxNewTokens, contextSize: model.config.contextLength });
  const written = await all.data<"int32">();
  const text = tokenizer.decode(written);
  output.result(text);
  output.event({ type: "done", ids: [...written], text });
}
