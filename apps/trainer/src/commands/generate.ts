import { answerEnds, extractResponse } from "@scratch-llm/finetune-instruct";
import { beamSearch, generate, type GenerateStep } from "@scratch-llm/gpt";
import type { EncodeOptions } from "@scratch-llm/tokenizer";
import type { Context } from "../flags.ts";
import { TrainerError } from "../errors.ts";
import { findModel } from "../find-model.ts";
import { interrupted } from "../interrupt.ts";
import { fill } from "../messages/messages.ts";
import { type OpenedModel, openModel, type RuntimeFlags } from "../open-model.ts";
import { type SamplingFlags, samplingOptions } from "../sampling-options.ts";
import { type NamedFormat, ownFormat } from "../tuning/own-format.ts";

/** The flags of `generate`. */
export interface GenerateFlags extends SamplingFlags, RuntimeFlags {
  readonly model?: string;
  readonly prompt: string;
  readonly numBeams?: number;
  readonly topLogProbs?: number;
  /** Continue the prompt as it is, though the model was taught a format. */
  readonly raw?: boolean;
}

/**
 * `scratch-llm generate`: the prompt and, as it comes, what the model writes after it. A model that was taught to answer is asked
 * in its own format.
 */
export async function generateCommand(flags: GenerateFlags, context: Context): Promise<void> {
  const { output, messages } = context;
  const path = await findModel(flags.model, messages);
  const opened = await openModel(path, flags, context);
  const taught = flags.raw === true ? undefined : await ownFormat(path);
  const asked = askedIn(taught, flags);
  const prompt = opened.tokenizer.encode(asked.text, asked.options);
  if (taught !== undefined) output.note(fill(messages.tuning.format, { name: taught.name }));
  if (prompt.length === 0 || flags.prompt === "") throw new TrainerError("USAGE", messages.errors.emptyPrompt);
  const started = performance.now();
  const { ids, text, finishReason } =
    flags.numBeams === undefined
      ? await stream(prompt, { ...flags, ...asked }, opened, context)
      : await searchBeams(prompt, flags, opened, context);
  await opened.dispose();
  const seconds = (performance.now() - started) / 1000;
  const newTokens = ids.length - prompt.length;
  const format = taught && {
    format: taught.name,
    response: extractResponse(text.slice(asked.text.length), taught.format),
  };
  const counts = { promptTokens: prompt.length, newTokens };
  output.event({ type: "done", ids, text, ...format, ...counts, finishReason, seconds });
}

/** A prompt as the model is given it, and what ends its answer. */
interface Asked {
  readonly text: string;
  readonly options: EncodeOptions;
  /** What stands before the answer on the screen. */
  readonly shown: string;
  readonly stop: readonly string[];
}

function askedIn(taught: NamedFormat | undefined, { prompt, stop = [] }: GenerateFlags): Asked {
  if (taught === undefined) return { text: prompt, options: {}, shown: prompt, stop };
  const { format } = taught;
  const text = format.conversation([{ role: "user", content: prompt }]);
  const options: EncodeOptions = format.specialTokens ? { allowedSpecial: "all" } : {};
  return { text, options, shown: `${prompt}\n`, stop: [...stop, ...answerEnds(format)] };
}

interface Written {
  /** Prompt and new tokens. */
  readonly ids: number[];
  /** The prompt and what was written, without a stop string. */
  readonly text: string;
  readonly finishReason: string;
}

async function stream(
  prompt: Int32Array,
  flags: GenerateFlags & Asked,
  { decoder, tokenizer }: OpenedModel,
  { output }: Context,
): Promise<Written> {
  output.stream(flags.shown);
  let { text } = flags;
  const ids = [...prompt];
  let finishReason = "";
  const options = { ...samplingOptions(flags, tokenizer), topLogProbs: flags.topLogProbs, signal: interrupted };
  try {
    for await (const step of generate(decoder, prompt, options)) {
      ids.push(step.id);
      text += step.text;
      finishReason = step.finishReason ?? "";
      output.stream(step.text);
      output.event(tokenEvent(step));
    }
  } finally {
    output.result(""); // ends the line, after Ctrl-C too
  }
  return { ids, text, finishReason };
}

function tokenEvent({ id, text, logProb, topLogProbs }: GenerateStep): { type: string } & Record<string, unknown> {
  return { type: "token", id, text, logProb, ...(topLogProbs.length === 0 ? {} : { topLogProbs }) };
}

async function searchBeams(
  prompt: Int32Array,
  flags: GenerateFlags,
  { decoder, tokenizer }: OpenedModel,
  { output }: Context,
): Promise<Written> {
  const options = { ...samplingOptions(flags, tokenizer), numBeams: flags.numBeams, signal: interrupted };
  const [best] = await beamSearch(decoder, prompt, options);
  const ids = [...prompt, ...(best?.ids ?? [])];
  const text = tokenizer.decode(ids.filter((id) => id !== tokenizer.eosId));
  output.result(text);
  return { ids, text, finishReason: ids.at(-1) === tokenizer.eosId ? "eos" : "length" };
}
