import { formatNumber, words } from "../../i18n/language.ts";
import { shellWords } from "../../i18n/shell.ts";
import { Waiting } from "../../shell/waiting.tsx";
import { model } from "../../state/engine.ts";
import { Failure } from "../../ui/failure.tsx";
import { NumberInput } from "../../ui/number-input.tsx";
import { Progress } from "../../ui/progress.tsx";
import { Select } from "../../ui/select.tsx";
import { RunControls } from "../../ui/run-controls.tsx";
import { Panel, TabPage } from "../../ui/tab-page.tsx";
import { Curves } from "./curves.tsx";
import { en } from "./en.ts";
import { params, TASKS, TRAINABLE } from "./params.ts";
import { TryClassifier } from "./try-classifier.tsx";
import { TryInstructions } from "./try-instructions.tsx";
import { reset, train, type Tuning, TUNINGS } from "./tuning.ts";
import { zh } from "./zh.ts";

/** The shown model, taught a task (book chapters 6, 7 and appendix E). */
export function FinetuneTab() {
  const t = words({ en, zh });
  const tuning = TUNINGS[params.task.value];
  const { info, run } = tuning;
  return (
    <TabPage title={t.title} section="6, 7, E" lead={t.lead}>
      <div class="split">
        <Settings tuning={tuning} />
        <div>
          <Panel>
            <Transport tuning={tuning} />
            {run.error.value && <Failure error={run.error.value} testId="tuning-error" />}
            {!info.value && <p class="quiet">{t.hints[tuning.task]}</p>}
            {info.value && (
              <p class="quiet" data-testid="tuning-counts">
                {t.counts(
                  formatNumber(info.value.counts.train),
                  formatNumber(info.value.counts.val),
                  formatNumber(info.value.trainableParams),
                  formatNumber(info.value.params),
                )}
              </p>
            )}
          </Panel>
          <Curves history={run.history.value} />
          {info.value &&
            (tuning.task === "classify" ? <TryClassifier tuning={tuning} /> : <TryInstructions tuning={tuning} />)}
        </div>
      </div>
    </TabPage>
  );
}

function Settings({ tuning }: { readonly tuning: Tuning }) {
  const t = words({ en, zh });
  const fixed = tuning.info.value !== undefined;
  return (
    <Panel title={t.settings}>
      {fixed && <p class="quiet">{shellWords().run.fixed}</p>}
      <Select
        label={t.task}
        value={params.task}
        choices={TASKS.map((value) => ({ value, label: t.tasks[value] }))}
        disabled={tuning.run.busy.value}
        testId="task"
      />
      <Select
        label={t.trainable}
        value={params.trainable}
        choices={(["default", ...TRAINABLE] as const).map((value) => ({ value, label: t.trainables[value] }))}
        disabled={fixed}
        testId="trainable"
      />
      <div class="number-grid">
        <NumberInput label={t.epochs} value={params.epochs} min={1} max={50} disabled={fixed} testId="tuning-epochs" />
        <NumberInput label={t.rank} value={params.rank} min={1} max={64} disabled={fixed} testId="tuning-rank" />
        <NumberInput
          label={t.seed}
          value={params.seed}
          min={0}
          max={0xff_ff_ff_ff}
          disabled={fixed}
          testId="tuning-seed"
        />
      </div>
    </Panel>
  );
}

function Transport({ tuning }: { readonly tuning: Tuning }) {
  const t = words({ en, zh });
  const { run, info } = tuning;
  const state = run.state.value;
  return (
    <>
      <RunControls
        run={run}
        begun={info.value !== undefined}
        blocked={!model.value}
        start={() => void train(tuning)}
        reset={() => void reset(tuning)}
        testId="tuning"
      />
      {!model.value && <Waiting />}
      {state && (
        <Progress
          label={t.at(formatNumber(state.step), formatNumber(state.totalSteps))}
          done={state.step}
          total={state.totalSteps}
          testId="tuning-progress"
        />
      )}
    </>
  );
}
