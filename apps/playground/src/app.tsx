import { useEffect } from "preact/hooks";
import { shellWords } from "./i18n/shell.ts";
import { GuideSlot } from "./shell/guide-slot.tsx";
import { Header } from "./shell/header.tsx";
import { Navigation } from "./shell/navigation.tsx";
import { TabView } from "./shell/tab-view.tsx";
import { statusLine } from "./state/announce.ts";
import { hidingStyles } from "./state/hidden.ts";
import { followLinks } from "./shell/follow-links.ts";

/** The page: header, tabs, the open tab, status line. */
export function App() {
  const t = shellWords();
  useEffect(followLinks, []);
  return (
    <>
      <style>{hidingStyles}</style>
      <a class="skip" href="#content">
        {t.skip}
      </a>
      <Header />
      <div class="columns">
        <Navigation />
        <main id="content" tabIndex={-1}>
          <GuideSlot />
          <TabView />
        </main>
      </div>
      <div class="status-line" role="status" data-testid="status-line">
        {statusLine}
      </div>
    </>
  );
}
