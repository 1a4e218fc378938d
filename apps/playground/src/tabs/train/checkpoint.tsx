import { words } from "../../i18n/language.ts";
import { Button } from "../../ui/button.tsx";
import { DropZone } from "../../ui/drop-zone.tsx";
import { Panel } from "../../ui/tab-page.tsx";
import { en } from "./en.ts";
import { info, open, run, save, show } from "./training.ts";
import { zh } from "./zh.ts";

/** The run as a folder that the trainer resumes, and back. */
export function Checkpoint() {
  const t = words({ en, zh });
  const ready = info.value !== undefined && !run.busy.value && (run.state.value?.step ?? 0) > 0;
  return (
    <Panel title={t.checkpoint}>
      <div class="controls">
        <Button testId="train-save" disabled={!ready} onClick={() => void save()}>
          {t.save}
        </Button>
        <Button testId="train-show" disabled={!ready} onClick={() => void show()}>
          {t.show}
        </Button>
      </div>
      <DropZone
        label={t.dropRun}
        choose={t.chooseRun}
        folder
        onFiles={(files) => void open(files)}
        testId="train-open"
      />
    </Panel>
  );
}
