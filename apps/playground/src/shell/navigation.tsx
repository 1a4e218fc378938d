import { useEffect, useRef } from "preact/hooks";
import { shellWords } from "../i18n/shell.ts";
import { hidden } from "../state/hidden.ts";
import { currentTab, hrefOfTab } from "../state/url-state.ts";
import { TABS } from "../tabs/tabs.ts";

/** The list of tabs: links, since each has its address. */
export function Navigation() {
  const t = shellWords();
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a phone the list scrolls sideways.
    nav.current?.querySelector("[aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
  }, [currentTab.value]);
  return (
    <nav class="navigation" aria-label={t.navigation} ref={nav}>
      <ul>
        {TABS.filter(({ id }) => !hidden.value.includes(id)).map(({ id, chapter }) => (
          <li key={id}>
            <a
              href={hrefOfTab(id)}
              aria-current={currentTab.value === id ? "page" : undefined}
              data-testid={`tab-${id}`}
            >
              <span>{t.tabs[id]}</span>
              {chapter !== undefined && <small>{t.chapter(chapter)}</small>}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
