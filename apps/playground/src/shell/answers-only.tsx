import { shellWords } from "../i18n/shell.ts";
import { showModel } from "../state/engine.ts";
import { Button } from "../ui/button.tsx";
import { TabPage } from "../ui/tab-page.tsx";

/** In place of a tab that the shown model has nothing for. */
export function AnswersOnly({ title }: { readonly title: string }) {
  const t = shellWords();
  return (
    <TabPage title={title} lead={<span data-testid="answers-only">{t.answersOnly}</span>}>
      <div class="controls">
        <Button kind="primary" testId="show-bundled" onClick={() => void showModel({ kind: "bundled" })}>
          {t.showBundled}
        </Button>
      </div>
    </TabPage>
  );
}
