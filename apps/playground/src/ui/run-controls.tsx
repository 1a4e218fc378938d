import type { ComponentChildren } from "preact";
import { shellWords } from "../i18n/shell.ts";
import type { Run } from "../state/run.ts";
import { Button } from "./button.tsx";
import { StartStop } from "./start-stop.tsx";

interface RunControlsProps {
  readonly run: Pick<Run, "busy" | "pausing" | "finished" | "pause">;
  /** Whether it has been prepared. */
  readonly begun: boolean;
  /** Whether something is missing to start it. */
  readonly blocked: boolean;
  readonly start: () => void;
  readonly reset: () => void;
  /** Each button's `data-testid` is this, a hyphen and what it does. */
  readonly testId: string;
  /** More buttons. */
  readonly children?: ComponentChildren;
}

/** Start, pause, reset. */
export function RunControls({ run, begun, blocked, start, reset, testId, children }: RunControlsProps) {
  const t = shellWords().run;
  const [busy, finished] = [run.busy.value, run.finished.value];
  return (
    <>
      <div class="controls">
        <StartStop
          busy={busy}
          start={{
            label: begun ? t.goOn : t.start,
            onClick: start,
            disabled: blocked || finished,
            testId: `${testId}-start`,
          }}
          stop={{
            label: t.pause,
            onClick: () => run.pause(),
            disabled: run.pausing.value,
            testId: `${testId}-pause`,
          }}
        />
        {children}
        <Button testId={`${testId}-reset`} disabled={busy || !begun} onClick={reset}>
          {t.reset}
        </Button>
      </div>
      {finished && <p class="quiet">{t.finished}</p>}
    </>
  );
}
