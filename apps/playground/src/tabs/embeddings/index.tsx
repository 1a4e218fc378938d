import { useComputed } from "@preact/signals";
import { words } from "../../i18n/language.ts";
import { Waiting } from "../../shell/waiting.tsx";
import { engine, idsOf, MODEL, model } from "../../state/engine.ts";
import { useAnswer } from "../../state/use-answer.ts";
import { CutNotice } from "../../ui/cut-notice.tsx";
import { Failure } from "../../ui/failure.tsx";
import { Panel, TabPage } from "../../ui/tab-page.tsx";
import { TextInput } from "../../ui/text-input.tsx";
import { TokenPicker } from "../../ui/token-picker.tsx";
import { visibleText } from "../../ui/token-text.tsx";
import { en } from "./en.ts";
import { Neighbours } from "./neighbours.tsx";
import { params } from "./params.ts";
import { Plane } from "./plane.tsx";
import { Sum } from "./sum.tsx";
import { zh } from "./zh.ts";

/** What enters the first block, which tokens are alike, and how they lie to each other (book sections 2.7 and 2.8). */
export function EmbeddingsTab() {
  const t = words({ en, zh });
  const looked = useAnswer(
    () => model.value && { text: params.text.value, model: model.value },
    async ({ text }) => {
      const ids = await idsOf(text);
      const sum = await engine.call("embeddings", { model: MODEL, ids });
      const plane = await engine.call("plane", { model: MODEL, ids });
      return { sum, plane };
    },
  );
  const { value, error } = looked.value;
  const index = useComputed(() => Math.min(params.token.value, (looked.value.value?.sum.tokens.length ?? 1) - 1));
  const token = useComputed(() => looked.value.value?.sum.tokens[index.value]);
  const name = visibleText(token.value?.text ?? "");
  return (
    <TabPage title={t.title} section="2.7, 2.8" lead={t.lead}>
      <Panel>
        <TextInput label={t.text} value={params.text} rows={2} testId="embeddings-text" />
        {error && <Failure error={error} />}
        {value && <CutNotice looked={value.sum} />}
        {value ? (
          <TokenPicker
            label={t.tokens}
            tokens={value.sum.tokens}
            chosen={index.value}
            onChoose={(chosen) => (params.token.value = chosen)}
            testId="embeddings-tokens"
          />
        ) : (
          !error && <Waiting />
        )}
      </Panel>
      {value && (
        <>
          <Panel title={t.sum(name, index.value)}>
            <Sum sum={value.sum} index={index.value} />
          </Panel>
          <div class="pair">
            <Panel title={t.neighbours(name)}>
              <Neighbours token={token} />
            </Panel>
            <Panel title={t.plane}>
              <Plane plane={value.plane} chosen={index.value} />
            </Panel>
          </div>
        </>
      )}
    </TabPage>
  );
}
