import { useEffect } from "preact/hooks";
import { formatBytes, words } from "../../i18n/language.ts";
import { engineState, showModel } from "../../state/engine.ts";
import { Button } from "../../ui/button.tsx";
import { en } from "./en.ts";
import { look, remove, storage } from "./store.ts";
import { zh } from "./zh.ts";

/** Downloaded models that this browser keeps. */
export function Stored() {
  const t = words({ en, zh });
  const ready = engineState.value.phase === "ready";
  useEffect(() => {
    if (ready) void look();
  }, [ready]);
  const { models = [], unfinished = [], quotaBytes = null } = storage.value ?? {};
  return (
    <>
      {models.length + unfinished.length === 0 && <p class="quiet">{t.none}</p>}
      <ul class="samples" data-testid="stored">
        {models.map(({ name, bytes }) => (
          <li key={name} class="controls">
            <span>{t.sizeOf(name, formatBytes(bytes))}</span>
            <Button onClick={() => void showModel({ kind: "stored", name }, name)} testId={`show-${name}`}>
              {t.show}
            </Button>
            <Button kind="quiet" onClick={() => void remove(name)} testId={`delete-${name}`}>
              {t.remove}
            </Button>
          </li>
        ))}
        {unfinished.map(({ name, bytes }) => (
          <li key={name} class="controls">
            <span class="quiet">{t.partial(name, formatBytes(bytes))}</span>
            <Button kind="quiet" onClick={() => void remove(name)} testId={`delete-${name}`}>
              {t.remove}
            </Button>
          </li>
        ))}
      </ul>
      {quotaBytes !== null && <p class="quiet">{t.quota(formatBytes(quotaBytes))}</p>}
    </>
  );
}
