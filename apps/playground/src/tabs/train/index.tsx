import { words } from "../../i18n/language.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorLine } from "../../ui/error-line.tsx";
import { Failure } from "../../ui/failure.tsx";
import { Progress } from "../../ui/progress.tsx";
import { RunControls } from "../../ui/run-controls.tsx";
import { Panel, TabPage } from "../../ui/tab-page.tsx";
import { Checkpoint } from "./checkpoint.tsx";
import { Curves } from "./curves.tsx";
import { en } from "./en.ts";
import { Numbers } from "./numbers.tsx";
import { params } from "./params.ts";
import { Samples } from "./samples.tsx";
import { Settings } from "./settings.tsx";
import { info, ownText, reset, run, train } from "./training.ts";
import { zh } from "./zh.ts";

/** A GPT trained from nothing, live (book chapter 5). */
export function TrainTab() {
  const t = words({ en, zh });
  return (
    <TabPage title={t.title} section="5.2" lead={t.lead}>
      <div class="split">
        <Settings />
        <div>
          <Panel>
            <Transport />
            {run.progress.value && (
              <Progress
                label={t.stages[run.progress.value.stage]}
                done={run.progress.value.done}
                total={run.progress.value.total}
                testId="train-progress"
              />
            )}
            {run.error.value && <Failure error={run.error.value} testId="train-error" />}
            <Numbers />
            {!info.value && <p class="quiet">{t.hint}</p>}
          </Panel>
          <Curves />
          <Samples />
          <Checkpoint />
        </div>
      </div>
    </TabPage>
  );
}

/** Start, pause, one step, reset. */
function Transport() {
  const t = words({ en, zh });
  const problem =
    params.width.value % params.heads.value !== 0
      ? t.evenHeads
      : params.text.value === "own" && !ownText.value && !info.value
        ? t.noText
        : undefined;
  return (
    <>
      <RunControls
        run={run}
        begun={info.value !== undefined}
        blocked={problem !== undefined}
        start={() => void train()}
        reset={() => void reset()}
        testId="train"
      >
        <Button
          testId="train-step"
          disabled={run.busy.value || run.finished.value || problem !== undefined}
          onClick={() => void train(1)}
        >
          {t.step}
        </Button>
      </RunControls>
      {problem !== undefined && <ErrorLine>{problem}</ErrorLine>}
    </>
  );
}
