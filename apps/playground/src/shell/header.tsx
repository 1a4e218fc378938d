import { language, setLanguage } from "../i18n/language.ts";
import { shellWords } from "../i18n/shell.ts";
import { announce } from "../state/announce.ts";
import { theme, type Theme } from "../state/theme.ts";
import { leftOut, hrefOfTab } from "../state/url-state.ts";
import { Button } from "../ui/button.tsx";
import { BackendBadge } from "./backend-badge.tsx";
import { ModelBadge } from "./model-badge.tsx";

const NEXT_THEME: Readonly<Record<Theme, Theme>> = { auto: "dark", dark: "light", light: "auto" };
const THEME_SIGN: Readonly<Record<Theme, string>> = { auto: "◐", dark: "●", light: "○" };

/** What is true for the whole page: its name, what it computes with, its language and colours. */
export function Header() {
  const t = shellWords();
  const other = language.value === "en" ? "zh" : "en";
  return (
    <header class="page-head">
      <a class="brand" href={hrefOfTab("chapters")}>
        scratch-llm
      </a>
      <div class="badges">
        <BackendBadge />
        <ModelBadge />
      </div>
      <div class="page-tools">
        <Button kind="quiet" testId="copy-link" onClick={() => void copyLink()}>
          {t.copyLink}
        </Button>
        <Button
          kind="quiet"
          testId="theme"
          label={`${t.theme}: ${t.themes[theme.value]}`}
          onClick={() => (theme.value = NEXT_THEME[theme.value])}
        >
          {THEME_SIGN[theme.value]}
        </Button>
        <button
          type="button"
          class="button quiet"
          lang={other === "zh" ? "zh-CN" : "en"}
          data-testid="language"
          onClick={() => setLanguage(other)}
        >
          {other === "zh" ? "中文" : "English"}
        </button>
      </div>
    </header>
  );
}

async function copyLink(): Promise<void> {
  const t = shellWords();
  try {
    await globalThis.navigator.clipboard.writeText(globalThis.location.href);
    announce(leftOut.peek().length > 0 ? t.linkLacks : t.linkCopied);
  } catch {
    announce(t.linkFailed);
  }
}
