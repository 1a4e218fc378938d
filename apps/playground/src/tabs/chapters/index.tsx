import { words } from "../../i18n/language.ts";
import { Panel, TabPage } from "../../ui/tab-page.tsx";
import { en } from "./en.ts";
import { StepMark } from "./step-mark.tsx";
import { hrefOfStep, STEPS } from "./steps.ts";
import { zh } from "./zh.ts";

/** A path through the book, each step a state of another tab. */
export function ChaptersTab() {
  const t = words({ en, zh });
  return (
    <TabPage title={t.title} section="2–7" lead={t.lead}>
      <div class="chapter-grid">
        {STEPS.map(({ chapter, steps }) => (
          <Panel key={chapter} title={t.chapter(chapter, t.chapters[chapter])}>
            <ol class="path" data-testid={`chapter-${chapter}`}>
              {steps.map((step) => (
                <li key={step.id}>
                  <a href={hrefOfStep(step)} data-testid={`open-${step.id}`}>
                    {t.steps[step.id].title}
                  </a>{" "}
                  <StepMark {...step} />
                  <p class="quiet">{t.steps[step.id].what}</p>
                </li>
              ))}
            </ol>
          </Panel>
        ))}
      </div>
    </TabPage>
  );
}
