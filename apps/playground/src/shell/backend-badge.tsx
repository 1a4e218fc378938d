import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Status } from "../engine/protocol.ts";
import { formatBytes, formatNumber } from "../i18n/language.ts";
import { shellWords } from "../i18n/shell.ts";
import { announce } from "../state/announce.ts";
import { engine, engineState, startEngine } from "../state/engine.ts";
import { Button } from "../ui/button.tsx";
import { Failure } from "../ui/failure.tsx";

/** What computes here, and on opening why. */
export function BackendBadge() {
  const t = shellWords();
  const state = engineState.value;
  const recovered = state.phase === "ready" ? state.recovered : undefined;
  useEffect(() => {
    if (recovered) announce(shellWords().engineRecovered);
  }, [recovered]);
  if (state.phase === "ready") {
    return (
      <Popover phase="ready" name={nameOf(state.status)}>
        <Reasons atStart={state.status} />
        {recovered && <Failure error={recovered} testId="restarted" />}
      </Popover>
    );
  }
  if (state.phase === "failed") {
    return (
      <Popover phase="failed" name={t.backendFailed}>
        <Failure error={state.error} />
        <Button testId="start-again" onClick={() => void startEngine()}>
          {t.startAgain}
        </Button>
      </Popover>
    );
  }
  return (
    <span class="badge" data-testid="backend" data-phase={state.phase}>
      <small>{t.backend}</small> {state.phase === "starting" ? t.backendStarting : t.backendRecovering}
    </span>
  );
}

/** Why it is this backend, and what it holds now. */
function Reasons({ atStart }: { readonly atStart: Status }) {
  const [status, setStatus] = useState(atStart);
  useEffect(() => {
    void engine.call("status", {}).then(setStatus, () => {}); // the engine may be gone: then the badge tells
  }, []);
  return (
    <ul data-testid="backend-reason">
      {reasons(status).map((reason) => (
        <li key={reason}>{reason}</li>
      ))}
    </ul>
  );
}

interface PopoverProps {
  readonly phase: string;
  readonly name: string;
  readonly children: ComponentChildren;
}

/** More about the backend. Escape closes it, and so does going elsewhere. */
function Popover({ phase, name, children }: PopoverProps) {
  const t = shellWords();
  const details = useRef<HTMLDetailsElement>(null);
  const [open, setOpen] = useState(false);
  const close = (): void => void (details.current && (details.current.open = false));
  return (
    <details
      class="badge"
      ref={details}
      onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
      onKeyDown={({ key }) => {
        if (key !== "Escape") return;
        close();
        details.current?.querySelector("summary")?.focus();
      }}
      onFocusOut={({ relatedTarget }) => {
        if (!details.current?.contains(relatedTarget as Node | null)) close();
      }}
    >
      <summary data-testid="backend" data-phase={phase}>
        <small>{t.backend}</small> {name}
      </summary>
      {open && <div class="popover">{children}</div>}
    </details>
  );
}

function nameOf({ backend, adapter, threads }: Status): string {
  const t = shellWords();
  const name = t.backendNames[backend];
  if (adapter?.includes("software")) return t.software(name);
  return threads > 1 ? `${name} · ${t.threads(threads)}` : name;
}

function reasons(status: Status): string[] {
  const t = shellWords();
  const { choice, refused, adapter, threads, numTensors, memBytes } = status;
  const why = refused.map(({ backend, code }) => t.refused[code](t.refusedNames[backend]));
  if (why.length === 0) why.push(choice === "auto" ? t.bestBackend : t.askedBackend);
  if (adapter !== null) why.push(t.adapter(adapter));
  else why.push(t.threadsUsed(threads));
  return [...why, t.memory(formatNumber(numTensors), formatBytes(memBytes))];
}
