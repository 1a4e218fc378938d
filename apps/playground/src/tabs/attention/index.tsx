import { useComputed, useSignal } from "@preact/signals";
import { formatNumber, formatPercent, words } from "../../i18n/language.ts";
import { engine, idsOf, MODEL, model } from "../../state/engine.ts";
import { useAnswer } from "../../state/use-answer.ts";
import { Button } from "../../ui/button.tsx";
import { Failure } from "../../ui/failure.tsx";
import { type Cell, HeatMap } from "../../ui/heat-map.tsx";
import { Select } from "../../ui/select.tsx";
import { Panel, TabPage } from "../../ui/tab-page.tsx";
import { TextInput } from "../../ui/text-input.tsx";
import { Toggle } from "../../ui/toggle.tsx";
import { visibleText } from "../../ui/token-text.tsx";
import { en } from "./en.ts";
import { Heads } from "./heads.tsx";
import { Links } from "./links.tsx";
import { headOf, pictured } from "./matrix.ts";
import { params } from "./params.ts";
import { saveCsv, savePng } from "./save-map.ts";
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
        {!value && <p class="quiet">{t.waiting}</p>}
        {value && value.first > 0 && <p class="notice">{t.cut(formatNumber(labels.length))}</p>}
      </Panel>
      {value && shown.value && (
        <>
          <Panel title={`${t.map} · ${name}`}>
            <HeatMap
              label={`${t.map}, ${name}`}
              values={pictured(shown.value, value.causal)}
              rows={labels.length}
              columns={labels.length}
              max={1}
              rowLabels={labels}
              columnLabels={labels}
              cell={cell.value}
              onCell={(at) => (cell.value = at)}
              testId="attention-map"
            />
            <p class="quiet" data-testid="attention-point">
              {cell.value
                ? t.point(
                    labels[cell.value.row] ?? "",
                    labels[cell.value.column] ?? "",
                    formatPercent(shown.value[cell.value.row * labels.length + cell.value.column]!, 2),
                  )
                : t.pointHint}
            </p>
            {value.causal && <p class="quiet">{t.masked}</p>}
            <div class="controls">
              <Button kind="quiet" testId="save-png" onClick={() => savePng("attention-map")}>
                {t.png}
              </Button>
              <Button kind="quiet" testId="save-csv" onClick={() => saveCsv(value.tokens, shown.value!)}>
                {t.csv}
              </Button>
            </div>
          </Panel>
          <Panel title={t.links}>
            <Links tokens={value.tokens} weights={shown.value} />
          </Panel>
          <Panel title={t.heads}>
            <Heads attention={value} causal={value.causal} />
          </Panel>
        </>
      )}
    </TabPage>
  );
}

function upTo(count: number): { value: number; label: string }[] {
  return Array.from({ length: count }, (_, value) => ({ value, label: String(value) }));
}
