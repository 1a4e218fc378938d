import { formatNumber, words } from "../../i18n/language.ts";
import { Panel } from "../../ui/tab-page.tsx";
import { en } from "./en.ts";
import { run } from "./training.ts";
import { zh } from "./zh.ts";

/** What the model writes as it learns, the newest first. */
export function Samples() {
  const t = words({ en, zh });
  const { samples } = run.history.value;
  if (samples.length === 0) return null;
  return (
    <Panel title={t.samples}>
      <ol class="samples" tabIndex={0} aria-label={t.samples} data-testid="train-samples">
        {samples.map(({ step, text }) => (
          <li key={step}>
            <small>{t.sampleAt(formatNumber(step + 1))}</small>
            <p>{text}</p>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
