import { useComputed } from "@preact/signals";
import { SHOWN_TOKENS } from "../../engine/defaults.ts";
import { drawToken, filterLogits } from "../../engine/sampling.ts";
import { words } from "../../i18n/language.ts";
import { Waiting } from "../../shell/waiting.tsx";
import { engine, idsOf, MODEL, model } from "../../state/engine.ts";
import { resetKnobs, samplingOf } from "../../state/sampling-knobs.ts";
import { useAnswer } from "../../state/use-answer.ts";
import { Button } from "../../ui/button.tsx";
import { CutNotice } from "../../ui/cut-notice.tsx";
import { Failure } from "../../ui/failure.tsx";
import { NumberInput } from "../../ui/number-input.tsx";
import { SamplingSliders } from "../../ui/sampling-sliders.tsx";
import { Panel, TabPage } from "../../ui/tab-page.tsx";
import { TextInput } from "../../ui/text-input.tsx";
import { TokenPicker } from "../../ui/token-picker.tsx";
import { en } from "./en.ts";
import { params } from "./params.ts";
import { Probabilities } from "./probabilities.tsx";
import { zh } from "./zh.ts";

/** The distribution of the next token, before and after the knobs of sampling (book sections 5.3.1 and 5.3.2). */
export function NextTokenTab() {
  const t = words({ en, zh });
  const pass = useAnswer(
    () => model.value && { text: params.text.value, chosen: params.chosen.value, model: model.value },
    async ({ text, chosen }) => {
      const prompt = await idsOf(text);
      const logits = await engine.call("nextToken", { model: MODEL, ids: Int32Array.from([...prompt, ...chosen]) });
      const first = Math.max(0, prompt.length - SHOWN_TOKENS);
      return { prompt: { tokens: prompt.slice(first), first }, logits };
    },
  );
  const vocabulary = useAnswer(
    () => model.value,
    () => engine.call("vocabulary", { model: MODEL }),
  );
  const filtered = useComputed(() => {
    const logits = pass.value.value?.logits;
    const options = samplingOf(params); // read at once: a signal that is not read is not followed
    return logits && filterLogits(logits, options);
  });

  const texts = vocabulary.value.value;
  const { value, stale, error } = pass.value;
  const ids = [...(value?.prompt.tokens ?? []), ...params.chosen.value];
  const promptLength = ids.length - params.chosen.value.length;
  const choose = (id: number): void => {
    if (!pass.value.stale) params.chosen.value = [...params.chosen.value, id];
  };
  const keep = (count: number): void => void (params.chosen.value = params.chosen.value.slice(0, Math.max(0, count)));

  return (
    <TabPage title={t.title} section="5.3" lead={t.lead}>
      <Panel>
        <TextInput label={t.text} value={params.text} rows={2} testId="next-token-text" />
        {value && <CutNotice looked={value.prompt} />}
        <TokenPicker
          label={t.tokens}
          tokens={ids.map((id) => ({ id, text: texts?.[id] ?? "" }))}
          onChoose={(index) => keep(index + 1 - promptLength)}
          testId="next-token-tokens"
        />
        {error && <Failure error={error} />}
        <div class="controls">
          <Button
            kind="primary"
            testId="next-token-draw"
            disabled={!filtered.value}
            blocked={stale ? t.stale : undefined}
            onClick={() => filtered.value && choose(drawToken(filtered.value, params.seed.value))}
          >
            {t.draw}
          </Button>
          <Button
            testId="next-token-back"
            disabled={params.chosen.value.length === 0}
            onClick={() => keep(params.chosen.value.length - 1)}
          >
            {t.back}
          </Button>
          <span class="quiet">{t.drawHint}</span>
        </div>
      </Panel>
      <div class="split">
        <Panel>
          <Knobs />
        </Panel>
        <Panel title={t.probabilities} stale={stale}>
          {filtered.value && texts ? (
            <Probabilities filtered={filtered.value} texts={texts} onChoose={choose} />
          ) : (
            !error && <Waiting />
          )}
        </Panel>
      </div>
    </TabPage>
  );
}

function Knobs() {
  const t = words({ en, zh });
  return (
    <>
      <SamplingSliders knobs={params} />
      <NumberInput label={t.seed} value={params.seed} min={0} max={0xff_ff_ff_ff} testId="next-token-seed" />
      <Button onClick={() => resetKnobs(params)} testId="next-token-reset">
        {t.reset}
      </Button>
    </>
  );
}
