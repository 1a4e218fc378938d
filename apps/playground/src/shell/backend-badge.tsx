import type { Status } from "../engine/protocol.ts";
import { formatBytes, formatNumber } from "../i18n/language.ts";
import { shellWords } from "../i18n/shell.ts";
import { engineState } from "../state/engine.ts";

/** What computes here, and on opening why. */
export function BackendBadge() {
  const t = shellWords();
  const state = engineState.value;
  if (state.phase !== "ready") {
    const words = { starting: t.backendStarting, recovering: t.backendRecovering, failed: t.backendFailed };
    return (
      <span class="badge" data-testid="backend" data-phase={state.phase}>
        <small>{t.backend}</small> {words[state.phase]}
      </span>
    );
  }
  return (
    <details class="badge">
      <summary data-testid="backend" data-phase="ready">
        <small>{t.backend}</small> {nameOf(state.status)}
      </summary>
      <ul class="popover" data-testid="backend-reason">
        {reasons(state.status).map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
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
  else why.push(`${t.threads(threads)}.`);
  return [...why, t.memory(formatNumber(numTensors), formatBytes(memBytes))];
}
