import { words } from "../../i18n/language.ts";
import { shellWords } from "../../i18n/shell.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorLine } from "../../ui/error-line.tsx";
import { Failure } from "../../ui/failure.tsx";
import { Progress } from "../../ui/progress.tsx";
import { StartStop } from "../../ui/start-stop.tsx";
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
  const busy = run.busy.value;
  const problem =
    params.width.value % params.heads.value !== 0
      ? t.evenHeads
      : params.text.value === "own" && !ownText.value && !info.value
        ? t.noText
        : undefined;
  const blocked = busy || run.finished.value || problem !== undefined;
  return (
    <>
      <div class="controls">
        <StartStop
          busy={busy}
          start={{
            label: info.value ? t.goOn : t.start,
            onClick: () => void train(),
            disabled: blocked,
            testId: "train-start",
          }}
          stop={{
            label: t.pause,
            onClick: () => run.pause(),
            disabled: run.pausing.value,
            testId: "train-pause",
          }}
        />
        <Button testId="train-step" disabled={blocked} onClick={() => void train(1)}>
          {t.step}
        </Button>
        <Button testId="train-reset" disabled={busy || !info.value} onClick={() => void reset()}>
          {t.reset}
        </Button>
      </div>
      {run.finished.value && <p class="quiet">{shellWords().runFinished}</p>}
      {problem !== undefined && <ErrorLine>{problem}</ErrorLine>}
    </>
  );
}
