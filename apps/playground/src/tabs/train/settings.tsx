import { formatBytes, words } from "../../i18n/language.ts";
import { shellWords } from "../../i18n/shell.ts";
import { DropZone } from "../../ui/drop-zone.tsx";
import { ErrorLine } from "../../ui/error-line.tsx";
import { NumberInput } from "../../ui/number-input.tsx";
import { Select } from "../../ui/select.tsx";
import { Panel } from "../../ui/tab-page.tsx";
import { TextInput } from "../../ui/text-input.tsx";
import { en } from "./en.ts";
import { LIMITS, params, TEXTS } from "./params.ts";
import { info, ownText, takeText, textProblem } from "./training.ts";
import { zh } from "./zh.ts";

/** What is trained on what; fixed once a run has begun. */
export function Settings() {
  const t = words({ en, zh });
  const fixed = info.value !== undefined;
  return (
    <Panel title={t.training}>
      {fixed && <p class="quiet">{shellWords().run.fixed}</p>}
      <Select
        label={t.text}
        value={params.text}
        choices={TEXTS.map((value) => ({ value, label: t.texts[value] }))}
        disabled={fixed}
        testId="train-text"
      />
      {params.text.value === "own" && !fixed && (
        <DropZone
          label={ownText.value ? t.ownText(ownText.value.name, formatBytes(ownText.value.text.length)) : t.dropText}
          choose={t.chooseText}
          accept=".txt,text/plain"
          onFiles={([file]) => file && void takeText(file)}
          testId="train-own-text"
        />
      )}
      {textProblem.value && <ErrorLine testId="train-text-error">{t.notUtf8(textProblem.value)}</ErrorLine>}
      <Numbers names={TRAINING} />
      <h3>{t.model}</h3>
      <Numbers names={MODEL} />
      <h3>{t.samples}</h3>
      <TextInput label={t.begin} value={params.begin} disabled={fixed} testId="train-begin" />
      <Numbers names={SAMPLES} />
    </Panel>
  );
}

/** How far the arrows of a number go, where it is not 1. */
const STEPS: Readonly<Partial<Record<NumberName, number>>> = { rate: 1e-4, dropout: 0.05 };
type NumberName = keyof typeof LIMITS;

const TRAINING = ["seed", "steps", "batch", "rate"] as const;
const SAMPLES = ["every"] as const;
const MODEL = ["context", "width", "heads", "layers", "dropout", "vocabulary"] as const;

function Numbers({ names }: { readonly names: readonly NumberName[] }) {
  const t = words({ en, zh });
  const disabled = info.value !== undefined;
  return (
    <div class="number-grid">
      {names.map((name) => {
        const [min, max] = LIMITS[name];
        const limits = { min, max, step: STEPS[name] ?? 1 };
        const common = { label: t[name], value: params[name], disabled, testId: `train-${name}` };
        return <NumberInput key={name} {...common} {...limits} />;
      })}
    </div>
  );
}
