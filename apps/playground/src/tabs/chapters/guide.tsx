import { words } from "../../i18n/language.ts";
import { guideStep, hrefOfTab } from "../../state/url-state.ts";
import { en } from "./en.ts";
import { StepMark } from "./step-mark.tsx";
import { hrefOfStep, PATH } from "./steps.ts";
import { zh } from "./zh.ts";

/** The step of the path that this is: what to look at, and the way on. */
export function Guide() {
  const t = words({ en, zh });
  const index = PATH.findIndex(({ id }) => id === guideStep.value);
  const step = PATH[index];
  if (!step) return null;
  const [before, next] = [PATH[index - 1], PATH[index + 1]];
  const { title, what } = t.steps[step.id];
  return (
    <section class="guide" aria-label={t.title} data-testid="guide" data-step={step.id}>
      <div>
        <p>
          <strong>{title}</strong> <StepMark {...step} />
        </p>
        <p>{what}</p>
      </div>
      <p class="controls">
        <small>{t.place(String(index + 1), String(PATH.length))}</small>
        <a class="button quiet" href={hrefOfTab("chapters")} data-testid="guide-all">
          {t.all}
        </a>
        {before && (
          <a class="button" href={hrefOfStep(before)} data-testid="guide-back">
            {t.back}
          </a>
        )}
        {next && (
          <a class="button primary" href={hrefOfStep(next)} data-testid="guide-next">
            {t.next}
          </a>
        )}
      </p>
    </section>
  );
}
