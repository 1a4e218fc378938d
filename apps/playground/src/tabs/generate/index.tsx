import { words } from "../../i18n/language.ts";
import { TabPage } from "../../ui/tab-page.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { ChatPanel } from "./chat-panel.tsx";
import { en } from "./en.ts";
import { Knobs } from "./knobs.tsx";
import { MODES, params } from "./params.ts";
import { WritePanel } from "./write-panel.tsx";
import { zh } from "./zh.ts";

/** Writing and talking with the shown model (book sections 4.7, 5.3 and 7.7). */
export function GenerateTab() {
  const t = words({ en, zh });
  return (
    <TabPage title={t.title} section="4.7, 5.3" lead={t.lead}>
      <div class="split wide-left">
        <Tabs
          label={t.mode}
          value={params.mode}
          choices={MODES.map((value) => ({ value, label: t.modes[value] }))}
          testId="mode"
        >
          {params.mode.value === "write" ? <WritePanel /> : <ChatPanel />}
        </Tabs>
        <Knobs />
      </div>
    </TabPage>
  );
}
