import { words } from "../../i18n/language.ts";
import { Waiting } from "../../shell/waiting.tsx";
import { engine, idsOf, MODEL, model } from "../../state/engine.ts";
import { useAnswer } from "../../state/use-answer.ts";
import { Button } from "../../ui/button.tsx";
import { CutNotice } from "../../ui/cut-notice.tsx";
import { Failure } from "../../ui/failure.tsx";
import { Select } from "../../ui/select.tsx";
import { Panel, TabPage } from "../../ui/tab-page.tsx";
import { TextInput } from "../../ui/text-input.tsx";
import { TokenPicker } from "../../ui/token-picker.tsx";
import { en } from "./en.ts";
import { params } from "./params.ts";
import { StageView } from "./stage-view.tsx";
import { STAGES } from "./stages.ts";
import { zh } from "./zh.ts";

/** One token's way through one transformer block (book sections 4.2 to 4.5). */
export function BlockTab() {
  const t = words({ en, zh });
  const traced = useAnswer(
    () =>
      model.value && {
        text: params.text.value,
        block: Math.min(params.block.value, model.value.config.nLayers - 1),
        token: params.token.value,
        model: model.value,
      },
    async ({ text, block, token }) => engine.call("block", { model: MODEL, ids: await idsOf(text), block, token }),
  );
  const { value, error } = traced.value;
  const blocks = Array.from({ length: model.value?.config.nLayers ?? 1 }, (_, i) => ({ value: i, label: String(i) }));
  const stage = value?.stages[params.stage.value];
  return (
    <TabPage title={t.title} section="4.2–4.5" lead={t.lead}>
      <Panel>
        <TextInput label={t.text} value={params.text} testId="block-text" />
        <div class="controls">
          <Select label={t.block} value={params.block} choices={blocks} testId="block" />
        </div>
        {error && <Failure error={error} />}
        {value && <CutNotice looked={value} />}
        {value ? (
          <TokenPicker
            label={t.tokens}
            tokens={value.tokens}
            chosen={value.index}
            onChoose={(index) => (params.token.value = index)}
            testId="block-tokens"
          />
        ) : (
          !error && <Waiting />
        )}
      </Panel>
      {value && stage && (
        <div class="split">
          <Panel title={t.steps}>
            <ol class="steps" data-testid="stages">
              {STAGES.map(({ name }, index) => (
                <li key={name}>
                  <button
                    type="button"
                    aria-pressed={index === params.stage.value}
                    data-testid={`stage-${name}`}
                    onClick={() => (params.stage.value = index)}
                  >
                    {t.stages[name].name}
                  </button>
                </li>
              ))}
            </ol>
          </Panel>
          <Panel title={t.stages[stage.name].name}>
            <StageView stage={stage} tokens={value.tokens} />
            <div class="controls">
              <Button testId="stage-back" disabled={params.stage.value === 0} onClick={() => (params.stage.value -= 1)}>
                {t.back}
              </Button>
              <Button
                kind="primary"
                testId="stage-next"
                disabled={params.stage.value === STAGES.length - 1}
                onClick={() => (params.stage.value += 1)}
              >
                {t.next}
              </Button>
            </div>
          </Panel>
        </div>
      )}
    </TabPage>
  );
}
