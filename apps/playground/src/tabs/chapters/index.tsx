import { words } from "../../i18n/language.ts";
import { Panel, TabPage } from "../../ui/tab-page.tsx";
import { en } from "./en.ts";
import { STEPS } from "./steps.ts";
import { zh } from "./zh.ts";

/** A path through the book, each step a state of another tab. */
export function ChaptersTab() {
  const t = words({ en, zh });
  return (
    <TabPage title={t.title} section="2–7" lead={t.lead}>
      {STEPS.map(({ chapter, steps }) => (
        <Panel key={chapter} title={t.chapter(chapter, t.chapters[chapter])}>
          <ol class="path" data-testid={`chapter-${chapter}`}>
            {steps.map(({ id, section, href }) => (
              <li key={id}>
                <a href={href()} data-testid={`open-${id}`}>
                  {t.steps[id].title}
                </a>{" "}
                <span class="section-mark">§ {section}</span>
                <p class="quiet">{t.steps[id].what}</p>
              </li>
            ))}
          </ol>
        </Panel>
      ))}
    </TabPage>
  );
}
