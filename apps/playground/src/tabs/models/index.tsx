import { formatBytes, formatNumber, words } from "../../i18n/language.ts";
import { cancelLoading, model, modelError, modelProgress, showModel } from "../../state/engine.ts";
import { Button } from "../../ui/button.tsx";
import { DropZone } from "../../ui/drop-zone.tsx";
import { Failure } from "../../ui/failure.tsx";
import { Progress } from "../../ui/progress.tsx";
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
        <Loading />
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
            choose={t.chooseFolder}
            chooseFiles={t.chooseFiles}
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

/** How far the loading of another model is. */
function Loading() {
  const t = words({ en, zh });
  const progress = modelProgress.value;
  if (!progress) return null;
  const { stage, done, total } = progress;
  return (
    <>
      <Progress
        label={t.loading[stage]}
        done={done}
        total={total}
        detail={total > 0 ? t.of(formatBytes(done), formatBytes(total)) : ""}
        testId="model-progress"
      />
      <div class="controls">
        <Button testId="cancel-loading" onClick={cancelLoading}>
          {t.cancel}
        </Button>
      </div>
    </>
  );
}

/** ONNX Runtime's WASM unpacks these weights again for every token. */
const SLOW: readonly string[] = ["int8", "int4"];

function Facts() {
  const { facts: t, onnxRuntime, slow } = words({ en, zh });
  if (!model.value) return null;
  const { params, config, onnx } = model.value;
  const facts: readonly (readonly [keyof typeof t, number])[] = [
    ["params", params],
    ["layers", config.nLayers],
    ["heads", config.nHeads],
    ["width", config.embDim],
    ["context", config.contextLength],
    ["vocabulary", config.vocabSize],
  ];
  return (
    <>
      <dl class="numbers" data-testid="model-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{t[name]}</dt>
            <dd>{formatNumber(value)}</dd>
          </div>
        ))}
      </dl>
      {onnx && <p data-testid="onnx">{onnxRuntime(onnx.quantization, onnx.threads)}</p>}
      {onnx && SLOW.includes(onnx.quantization) && <p class="notice">{slow}</p>}
    </>
  );
}
