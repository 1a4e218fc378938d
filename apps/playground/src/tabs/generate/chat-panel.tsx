import { useSignal } from "@preact/signals";
import { words } from "../../i18n/language.ts";
import { model, modelName } from "../../state/engine.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { saveJson } from "../../ui/save-file.ts";
import { Select } from "../../ui/select.tsx";
import { StartStop } from "../../ui/start-stop.tsx";
import { Panel } from "../../ui/tab-page.tsx";
import { answer, messages, say, takeBack, writer } from "./chat.ts";
import { copyText } from "./copy-text.ts";
import { en } from "./en.ts";
import { FORMATS, params } from "./params.ts";
import { nextSeed } from "./writer.ts";
import { WriterStatus } from "./writer-status.tsx";
import { zh } from "./zh.ts";

/** A conversation with the shown model. */
export function ChatPanel() {
  const t = words({ en, zh });
  const draft = useSignal("");
  const busy = writer.busy.value;
  const ready = model.value !== undefined && !busy;
  const send = (): void => {
    if (!ready || draft.value.trim() === "") return;
    void say(draft.value);
    draft.value = "";
  };
  return (
    <Panel>
      <p class="quiet">{t.chatNotice}</p>
      <Select
        label={t.format}
        value={params.format}
        choices={FORMATS.map((value) => ({ value, label: t.formats[value] }))}
        testId="format"
      />
      <ol class="transcript" aria-label={t.transcript} data-testid="transcript">
        {messages.value.map(({ role, content }, index) => (
          <li key={index} class={role}>
            <small>{t.roles[role]}</small>
            <p>{content}</p>
            {role === "user" && (
              <Button
                kind="quiet"
                disabled={busy}
                testId={`edit-${index}`}
                onClick={() => (draft.value = takeBack(index))}
              >
                {t.edit}
              </Button>
            )}
          </li>
        ))}
        {busy && (
          <li class="assistant">
            <small>{t.roles.assistant}</small>
            <p data-testid="answer">{writer.text}</p>
          </li>
        )}
      </ol>
      <WriterStatus writer={writer} />
      <Field label={t.message} hint={t.messageHint} testId="message">
        <textarea
          rows={2}
          value={draft.value}
          data-testid="message"
          onInput={({ currentTarget }) => (draft.value = currentTarget.value)}
          onKeyDown={(event) => {
            // While a Chinese word is being composed, Enter chooses it.
            if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            send();
          }}
        />
      </Field>
      <div class="controls">
        <StartStop
          busy={busy}
          start={{ label: t.send, onClick: send, disabled: !ready, testId: "send" }}
          stop={{ label: t.stop, onClick: () => writer.stop(), testId: "stop" }}
        />
        <Button
          testId="again"
          disabled={!ready || messages.value.length === 0}
          onClick={() => {
            nextSeed();
            void answer();
          }}
        >
          {t.again}
        </Button>
        <Button kind="quiet" testId="copy" onClick={() => void copyText(transcript(t.roles))}>
          {t.copy}
        </Button>
        <Button kind="quiet" testId="save" onClick={() => saveJson("conversation.json", record())}>
          {t.save}
        </Button>
        <Button kind="quiet" testId="clear" disabled={busy} onClick={() => void takeBack(0)}>
          {t.clear}
        </Button>
      </div>
    </Panel>
  );
}

function transcript(names: Readonly<Record<string, string>>): string {
  return messages
    .peek()
    .map(({ role, content }) => `${names[role]}: ${content}`)
    .join("\n\n");
}

function record() {
  return { model: modelName.peek() ?? model.peek()?.source, messages: messages.peek() };
}
