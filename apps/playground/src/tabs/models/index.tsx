import { formatNumber, words } from "../../i18n/language.ts";
import { model, modelError, showModel } from "../../state/engine.ts";
import { Button } from "../../ui/button.tsx";
import { DropZone } from "../../ui/drop-zone.tsx";
import { Failure } from "../../ui/failure.tsx";
import { Panel, TabPage } from "../../ui/tab-page.tsx";
import { Download } from "./download.tsx";
import { en } from "./en.ts";
import { Stored } from "./stored.tsx";
import { zh } from "./zh.ts";

/** What made the built-in model. */
const RECIPE = `scratch-llm quickstart --run-dir runs/bundled
scratch-llm model export runs/bundled bundled --dtype F16`;

/** Which model the page shows, and where others come from (book section 5.5). */
export function ModelsTab() {
  const t = words({ en, zh });
  return (
    <TabPage title={t.title} section="5.5" lead={t.lead}>
      <Panel title={t.shown}>
        <Facts />
        {modelError.value && <Failure error={modelError.value} testId="model-error" />}
        {model.value?.source === "bundled" ? (
          <>
            <p class="quiet">{t.recipe(formatNumber(model.value.params))}</p>
            <pre class="commands" data-testid="recipe">
              <code>{RECIPE}</code>
            </pre>
          </>
        ) : (
          <Button testId="show-bundled" onClick={() => void showModel({ kind: "bundled" })}>
            {t.bundled}
          </Button>
        )}
      </Panel>
      <div class="pair">
        <Panel title={t.files}>
          <DropZone
            label={t.dropFiles}
            choose={t.chooseFiles}
            folder
            onFiles={(files) => void showModel({ kind: "files", files }, files[0]?.path.split("/")[0])}
            testId="model-files"
          />
        </Panel>
        <Panel title={t.stored}>
          <Stored />
        </Panel>
      </div>
      <Panel title={t.download}>
        <Download />
      </Panel>
    </TabPage>
  );
}

function Facts() {
  const t = words({ en, zh }).facts;
  if (!model.value) return null;
  const { params, config } = model.value;
  const facts: readonly (readonly [keyof typeof t, number])[] = [
    ["params", params],
    ["layers", config.nLayers],
    ["heads", config.nHeads],
    ["width", config.embDim],
    ["context", config.contextLength],
    ["vocabulary", config.vocabSize],
  ];
  return (
    <dl class="numbers" data-testid="model-facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{t[name]}</dt>
          <dd>{formatNumber(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
