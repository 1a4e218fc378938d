import { generateSample } from "@scratch-llm/pretrain";
import { bringUpBackend } from "../bring-up.ts";
import type { Context } from "../flags.ts";
import { readCorpus } from "../corpus.ts";
import { fill } from "../messages/messages.ts";
import { pretrain } from "../pretraining.ts";
import { RUN_PRESETS } from "../run-config.ts";
import { newRunPath } from "../run-folder.ts";
import { startCommand } from "../start-command.ts";
import { computeOptions } from "../step-compiler.ts";
import type { Trained } from "../training-run.ts";

/** The flags of the quickstart. */
export interface QuickstartOptions {
  readonly seed?: number;
  readonly runDir?: string;
  readonly maxSteps?: number;
  readonly eager?: boolean;
}

/** What the finished model is asked to continue, per language. */
const PROMPTS = { english: "The Patience", chinese: "何大娘" } as const;

/** Steps where a step is quick; elsewhere the preset's fewer steps keep to some minutes. */
const NATIVE_STEPS = 600;

/** Trains the quickstart's model on the built-in texts, writes with it in both languages and says what to do next. */
export async function quickstart(
  { seed, runDir, maxSteps, eager }: QuickstartOptions,
  context: Context,
): Promise<void> {
  const { output, messages } = context;
  output.note(messages.quickstart.intro);
  const preset = RUN_PRESETS.quickstart;
  const { name } = await bringUpBackend(context.backend, output, messages);
  const presetSteps = name === "native" ? NATIVE_STEPS : preset.train.maxSteps;
  const config = {
    ...preset,
    seed: seed ?? preset.seed,
    train: { ...preset.train, maxSteps: maxSteps ?? presetSteps },
  };
  const plan = {
    preset: "quickstart",
    config,
    corpus: await readCorpus([]),
    folder: runDir ?? (await newRunPath("quickstart")),
  };
  const whenTrained = async ({ model, tokenizer }: Trained): Promise<void> => {
    output.note(messages.quickstart.byHeart);
    for (const language of ["english", "chinese"] as const) {
      const text = await generateSample({ model, tokenizer, startContext: PROMPTS[language] });
      output.result(`\n${fill(messages.quickstart.sampleTitle, { language: messages.quickstart[language] })}\n${text}`);
      output.event({ type: "sample", language, text });
    }
  };
  await pretrain(plan, { dryRun: false, probe: true, compute: computeOptions({ eager }), whenTrained }, context);
  output.result(`\n${messages.quickstart.next.map((line) => fill(line, { start: startCommand() })).join("\n")}`);
}
