import { useSignal } from "@preact/signals";
import type { Classification } from "@scratch-llm/finetune-classifier";
import type { Compared } from "../../engine/protocol.ts";
import { formatPercent, words } from "../../i18n/language.ts";
import { asError } from "../../state/as-error.ts";
import { engine } from "../../state/engine.ts";
import { BarList } from "../../ui/bar-list.tsx";
import { Button } from "../../ui/button.tsx";
import { Failure } from "../../ui/failure.tsx";
import { Slider } from "../../ui/slider.tsx";
import { Panel } from "../../ui/tab-page.tsx";
import { TextInput } from "../../ui/text-input.tsx";
import { en } from "./en.ts";
import { params } from "./params.ts";
import type { Tuning } from "./tuning.ts";
import { zh } from "./zh.ts";

/** The class that the threshold is about. */
const SPAM = "spam";

/** A message, classified before and after the training. */
export function TryClassifier({ tuning: { run, info } }: { readonly tuning: Tuning }) {
  const t = words({ en, zh });
  const answer = useSignal<Compared<Classification> | undefined>(undefined);
  const error = useSignal<Error | undefined>(undefined);
  const next = useSignal(0);
  const classify = async (): Promise<void> => {
    error.value = undefined;
    try {
      answer.value = await engine.call("classify", { run: run.name, text: params.message.value });
    } catch (failure) {
      error.value = asError(failure);
    }
  };
  const example = (): void => {
    const heldOut = info.value?.heldOut ?? [];
    const entry = heldOut[next.value++ % heldOut.length];
    if (entry?.task === "classify") params.message.value = entry.text;
  };
  return (
    <Panel title={t.tryIt}>
      <TextInput label={t.message} value={params.message} rows={2} testId="message" />
      <div class="controls">
        <Button kind="primary" testId="classify" disabled={run.busy.value} onClick={() => void classify()}>
          {t.classify}
        </Button>
        <Button testId="example" onClick={example}>
          {t.example}
        </Button>
      </div>
      {error.value && <Failure error={error.value} />}
      {answer.value && (
        <>
          <Slider label={t.threshold} value={params.threshold} min={0} max={1} step={0.01} testId="threshold" />
          <div class="pair">
            {(["base", "tuned"] as const).map((side) => (
              <Verdict key={side} title={t.sides[side]} classification={answer.value![side]} testId={`class-${side}`} />
            ))}
          </div>
        </>
      )}
    </Panel>
  );
}

interface VerdictProps {
  readonly title: string;
  readonly classification: Classification;
  readonly testId: string;
}

function Verdict({ title, classification: { probabilities }, testId }: VerdictProps) {
  const t = words({ en, zh });
  const spam = probabilities.find(({ label }) => label === SPAM)?.probability ?? 0;
  const other = probabilities.find(({ label }) => label !== SPAM)?.label ?? "";
  const verdict = spam >= params.threshold.value ? SPAM : other;
  return (
    <section>
      <h3>{title}</h3>
      <BarList
        label={title}
        testId={testId}
        bars={probabilities.map(({ label, probability }) => ({
          key: label,
          label: t.labels[label] ?? label,
          value: probability,
          text: formatPercent(probability),
        }))}
      />
      <p>{t.verdict(t.labels[verdict] ?? verdict)}</p>
    </section>
  );
}
