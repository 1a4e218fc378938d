import { formatBytes, words } from "../../i18n/language.ts";
import { DropZone } from "../../ui/drop-zone.tsx";
import { NumberInput } from "../../ui/number-input.tsx";
import { Select } from "../../ui/select.tsx";
import { Panel } from "../../ui/tab-page.tsx";
import { en } from "./en.ts";
import { params, TEXTS } from "./params.ts";
import { info, ownText } from "./training.ts";
import { zh } from "./zh.ts";

/** What is trained on what; fixed once a run has begun. */
export function Settings() {
  const t = words({ en, zh });
  const fixed = info.value !== undefined;
  return (
    <Panel title={t.training}>
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
          onFiles={([file]) => void file?.content.text().then((text) => (ownText.value = { name: file.path, text }))}
          testId="train-own-text"
        />
      )}
      <NumberInput
        label={t.seed}
        value={params.seed}
        min={0}
        max={0xff_ff_ff_ff}
        disabled={fixed}
        testId="train-seed"
      />
      <NumberInput label={t.steps} value={params.steps} min={1} max={20_000} disabled={fixed} testId="train-steps" />
      <NumberInput label={t.batch} value={params.batch} min={1} max={64} disabled={fixed} testId="train-batch" />
      <NumberInput
        label={t.rate}
        value={params.rate}
        min={1e-6}
        max={1}
        step={1e-4}
        disabled={fixed}
        testId="train-rate"
      />
      <h3>{t.model}</h3>
      <NumberInput label={t.context} value={params.context} min={8} max={256} disabled={fixed} testId="train-context" />
      <NumberInput label={t.width} value={params.width} min={16} max={384} disabled={fixed} testId="train-width" />
      <NumberInput label={t.heads} value={params.heads} min={1} max={12} disabled={fixed} testId="train-heads" />
      <NumberInput label={t.layers} value={params.layers} min={1} max={12} disabled={fixed} testId="train-layers" />
      <NumberInput
        label={t.dropout}
        value={params.dropout}
        min={0}
        max={0.9}
        step={0.05}
        disabled={fixed}
        testId="train-dropout"
      />
      <NumberInput
        label={t.vocabulary}
        value={params.vocabulary}
        min={300}
        max={8192}
        disabled={fixed}
        testId="train-vocabulary"
      />
    </Panel>
  );
}
