import { words } from "../../i18n/language.ts";
import { Button } from "../../ui/button.tsx";
import { Slider } from "../../ui/slider.tsx";
import { Panel } from "../../ui/tab-page.tsx";
import { TextInput } from "../../ui/text-input.tsx";
import { en } from "./en.ts";
import { MOST_MERGES, params } from "./params.ts";
import { nameOf, PieceName } from "./piece-name.tsx";
import type { Merge } from "./tokenize.ts";
import { zh } from "./zh.ts";

/** A tokenizer trained on the spot, its merges replayed one by one. */
export function Training({ learned }: { readonly learned: readonly Merge[] }) {
  const t = words({ en, zh });
  const { merges } = params;
  const last = learned.at(-1);
  const isAtEnd = merges.value > learned.length; // the text has no pair left
  return (
    <Panel>
      <TextInput label={t.corpus} value={params.corpus} rows={4} testId="corpus" />
      <Slider label={t.merges} hint={t.mergesHint} value={merges} min={0} max={MOST_MERGES} step={1} testId="merges" />
      <div class="controls">
        <Button testId="merge-back" disabled={learned.length === 0} onClick={() => (merges.value = learned.length - 1)}>
          {t.back}
        </Button>
        <Button
          testId="merge-next"
          disabled={isAtEnd || merges.value === MOST_MERGES}
          onClick={() => (merges.value = learned.length + 1)}
        >
          {t.next}
        </Button>
        <span data-testid="last-merge">
          {last && t.merge(learned.length, nameOf(last.left), nameOf(last.right), nameOf(joined(last)))}
          {isAtEnd && t.noPair}
        </span>
      </div>
      <h3>{t.learned}</h3>
      <ol class="learned" data-testid="learned">
        {learned.map((merge, index) => (
          <li key={index}>
            <PieceName bytes={joined(merge)} />
          </li>
        ))}
      </ol>
    </Panel>
  );
}

function joined({ left, right }: Merge): Uint8Array {
  return Uint8Array.of(...left, ...right);
}
