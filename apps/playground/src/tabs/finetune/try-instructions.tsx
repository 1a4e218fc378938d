import { useSignal } from "@preact/signals";
import { words } from "../../i18n/language.ts";
import { asError } from "../../state/as-error.ts";
import { engine } from "../../state/engine.ts";
import { Button } from "../../ui/button.tsx";
import { Failure } from "../../ui/failure.tsx";
import { StartStop } from "../../ui/start-stop.tsx";
import { Panel } from "../../ui/tab-page.tsx";
import { TextInput } from "../../ui/text-input.tsx";
import { en } from "./en.ts";
import { params } from "./params.ts";
import type { Tuning } from "./tuning.ts";
import { zh } from "./zh.ts";

const SIDES = ["base", "tuned"] as const;
const MAX_NEW_TOKENS = 60;

/** An instruction, answered before and after the training. */
export function TryInstructions({ tuning: { run, info } }: { readonly tuning: Tuning }) {
  const t = words({ en, zh });
  const answers = useSignal<Readonly<Record<(typeof SIDES)[number], string>> | undefined>(undefined);
  const error = useSignal<Error | undefined>(undefined);
  const asking = useSignal<AbortController | undefined>(undefined);
  const next = useSignal(0);
  const input = useSignal("");
  const ask = async (): Promise<void> => {
    error.value = undefined;
    answers.value = { base: "", tuned: "" };
    asking.value = new AbortController();
    const { signal } = asking.value;
    try {
      for (const which of SIDES) {
        const question = {
          run: run.name,
          which,
          instruction: params.instruction.value,
          input: input.value,
          maxNewTokens: MAX_NEW_TOKENS,
        };
        for await (const item of engine.stream("respond", question, { signal })) {
          const text: string = item.type === "token" ? answers.value[which] + item.text : item.result.text;
          answers.value = { ...answers.value, [which]: text };
        }
      }
    } catch (failure) {
      if (!signal.aborted) error.value = asError(failure);
    } finally {
      asking.value = undefined;
    }
  };
  const example = (): void => {
    const heldOut = info.value?.heldOut ?? [];
    const entry = heldOut[next.value++ % heldOut.length];
    if (entry?.task !== "instruct") return;
    params.instruction.value = entry.instruction;
    input.value = entry.input;
  };
  return (
    <Panel title={t.tryIt}>
      <TextInput label={t.instruction} value={params.instruction} rows={2} testId="instruction" />
      {input.value !== "" && <p class="quiet">{input}</p>}
      <div class="controls">
        <StartStop
          busy={asking.value !== undefined}
          start={{ label: t.ask, onClick: () => void ask(), disabled: run.busy.value, testId: "ask" }}
          stop={{ label: t.stop, onClick: () => asking.value?.abort(), testId: "stop" }}
        />
        <Button testId="example" onClick={example}>
          {t.example}
        </Button>
      </div>
      {error.value && <Failure error={error.value} />}
      {answers.value && (
        <div class="pair">
          {SIDES.map((side) => (
            <section key={side}>
              <h3>{t.sides[side]}</h3>
              <p class="written" data-testid={`answer-${side}`}>
                {answers.value![side]}
              </p>
            </section>
          ))}
        </div>
      )}
    </Panel>
  );
}
