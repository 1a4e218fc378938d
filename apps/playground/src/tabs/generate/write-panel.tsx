import { words } from "../../i18n/language.ts";
import { Waiting } from "../../shell/waiting.tsx";
import { model } from "../../state/engine.ts";
import { Button } from "../../ui/button.tsx";
import { saveJson } from "../../ui/save-file.ts";
import { StartStop } from "../../ui/start-stop.tsx";
import { Panel } from "../../ui/tab-page.tsx";
import { TextInput } from "../../ui/text-input.tsx";
import { copyText } from "./copy-text.ts";
import { en } from "./en.ts";
import { params } from "./params.ts";
import { nextSeed, Writer } from "./writer.ts";
import { WriterStatus } from "./writer-status.tsx";
import { zh } from "./zh.ts";

const writer = new Writer();
const SHOWN_CHARACTERS = 1000;

/** A beginning, and what the model makes of it. */
export function WritePanel() {
  const t = words({ en, zh });
  const busy = writer.busy.value;
  const write = (): void => void writer.write(params.prompt.value);
  const nothing = writer.tokens.value === 0;
  const prompt = writer.asked.value?.prompt ?? "";
  const whole = (): string => prompt + writer.text.peek();
  return (
    <Panel>
      <TextInput label={t.prompt} hint={t.promptHint} value={params.prompt} rows={3} disabled={busy} testId="prompt" />
      <div class="controls">
        <StartStop
          busy={busy}
          start={{ label: t.write, onClick: write, disabled: !model.value, testId: "write" }}
          stop={{ label: t.stop, onClick: () => writer.stop(), testId: "stop" }}
        />
        <Button
          testId="again"
          disabled={busy || nothing}
          onClick={() => {
            nextSeed();
            write();
          }}
        >
          {t.again}
        </Button>
        <Button
          testId="go-on"
          disabled={busy || nothing}
          onClick={() => {
            params.prompt.value = whole();
            write();
          }}
        >
          {t.goOn}
        </Button>
      </div>
      <div class="written" data-testid="written" aria-label={t.written} role="group">
        <span class="quiet">{endOf(prompt)}</span>
        <strong>{writer.text}</strong>
      </div>
      <WriterStatus writer={writer} />
      {model.value ? (
        <div class="controls">
          <Button kind="quiet" testId="copy" disabled={nothing} onClick={() => void copyText(whole())}>
            {t.copy}
          </Button>
          <Button
            kind="quiet"
            testId="save"
            disabled={nothing}
            onClick={() => saveJson("written.json", { ...writer.asked.peek(), text: writer.text.peek() })}
          >
            {t.save}
          </Button>
        </div>
      ) : (
        <Waiting />
      )}
    </Panel>
  );
}

/** The end of a beginning: the whole of a long one would push out of sight what is written behind it. */
function endOf(prompt: string): string {
  return prompt.length > SHOWN_CHARACTERS ? `…${prompt.slice(-SHOWN_CHARACTERS)}` : prompt;
}
