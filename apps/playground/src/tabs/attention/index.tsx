import { useComputed, useSignal } from "@preact/signals";
import { words } from "../../i18n/language.ts";
import { Waiting } from "../../shell/waiting.tsx";
import { engine, idsOf, MODEL, model } from "../../state/engine.ts";
import { useAnswer } from "../../state/use-answer.ts";
import { CutNotice } from "../../ui/cut-notice.tsx";
import { Failure } from "../../ui/failure.tsx";
import type { Cell } from "../../ui/heat-map.tsx";
import { Select } from "../../ui/select.tsx";
import { Panel, TabPage } from "../../ui/tab-page.tsx";
import { TextInput } from "../../ui/text-input.tsx";
import { Toggle } from "../../ui/toggle.tsx";
import { visibleText } from "../../ui/token-text.tsx";
import { en } from "./en.ts";
import { Heads } from "./heads.tsx";
import { Links } from "./links.tsx";
import { AttentionMap } from "./map.tsx";
import { headOf } from "./matrix.ts";
import { params } from "./params.ts";
import { zh } from "./zh.ts";

/** Who looks at whom, in every layer and head (book chapter 3). */
export function AttentionTab() {
  const t = words({ en, zh });
  const looked = useAnswer(
    () => model.value && { text: params.text.value, causal: params.causal.value, model: model.value },
    async ({ text, causal }) => {
      const ids = await idsOf(text);
      return { ...(await engine.call("attention", { model: MODEL, ids, causal })), causal };
    },
  );
  const cell = useSignal<Cell | undefined>(undefined);
  const { value, error } = looked.value;
  const shown = useComputed(
    () => looked.value.value && headOf(looked.value.value, params.layer.value, params.head.value),
  );
  const labels = value?.tokens.map(({ text }) => visibleText(text)) ?? [];
  const name = t.headName(params.layer.value, params.head.value);
  return (
    <TabPage title={t.title} section="3.3–3.6" lead={t.lead}>
      <Panel>
        <TextInput label={t.text} value={params.text} rows={2} testId="attention-text" />
        <div class="controls">
          <Select label={t.layer} value={params.layer} choices={upTo(value?.weights.length ?? 1)} testId="layer" />
          <Select label={t.head} value={params.head} choices={upTo(value?.heads ?? 1)} testId="head" />
          <Toggle label={t.causal} value={params.causal} testId="causal" />
        </div>
        {error && <Failure error={error} />}
        {!value && !error && <Waiting />}
        {value && <CutNotice looked={value} />}
      </Panel>
      {value && shown.value && (
        <>
          <Panel title={`${t.map}\u00A0· ${name}`}>
            <AttentionMap looked={value} weights={shown.value} name={name} labels={labels} cell={cell} />
          </Panel>
          <Panel title={t.links}>
            <Links tokens={value.tokens} weights={shown.value} cell={cell} />
          </Panel>
          <Panel title={t.heads}>
            <Heads looked={value} />
          </Panel>
        </>
      )}
    </TabPage>
  );
}

function upTo(count: number): { value: number; label: string }[] {
  return Array.from({ length: count }, (_, value) => ({ value, label: String(value) }));
}
