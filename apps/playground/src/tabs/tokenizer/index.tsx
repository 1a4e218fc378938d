import { useComputed, useSignal } from "@preact/signals";
import { formatNumber, words } from "../../i18n/language.ts";
import { model } from "../../state/engine.ts";
import { useAnswer } from "../../state/use-answer.ts";
import { DataTable } from "../../ui/data-table.tsx";
import { Failure } from "../../ui/failure.tsx";
import { Panel, TabPage } from "../../ui/tab-page.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { TextInput } from "../../ui/text-input.tsx";
import { Chips } from "./chips.tsx";
import { en } from "./en.ts";
import { KINDS, params } from "./params.ts";
import { nameOf } from "./piece-name.tsx";
import { groupsOf, hex, type Piece } from "./pieces.ts";
import { tokenize } from "./tokenize.ts";
import { Training } from "./training.tsx";
import { zh } from "./zh.ts";

/** A text as tokens, with three tokenizers (book section 2.5). */
export function TokenizerTab() {
  const t = words({ en, zh });
  /** Where the chosen piece begins. */
  const from = useSignal<number | undefined>(undefined);
  const answer = useAnswer(() => {
    const [kind, vocabSize] = [params.kind.value, model.value?.config.vocabSize];
    if (kind === "builtin" && vocabSize === undefined) return undefined;
    const [text, corpus, merges] = [params.text.value, params.corpus.value, params.merges.value];
    return { kind, text, corpus, merges, vocabSize: vocabSize ?? 0 };
  }, tokenize);
  const groups = useComputed(() => groupsOf(answer.value.value?.tokens ?? []));
  const chosen = groups.value.flatMap(({ pieces }) => pieces).find((piece) => piece.from === from.value);
  const { value, error } = answer.value;
  const { text } = params;
  return (
    <TabPage title={t.title} section="2.2–2.5" lead={t.lead}>
      <Tabs
        label={t.kind}
        value={params.kind}
        choices={KINDS.map((kind) => ({ value: kind, label: t.kinds[kind] }))}
        testId="tokenizer-kind"
      >
        {params.kind.value === "trained" && <Training learned={value?.learned ?? []} />}
        <Panel>
          <TextInput label={t.text} value={text} rows={4} testId="tokenizer-text" />
          {error && <Failure error={error} />}
          {value ? (
            <>
              <p data-testid="token-count" data-count={value.tokens.length}>
                {t.count(
                  formatNumber(value.tokens.length),
                  formatNumber([...text.value].length),
                  formatNumber(new TextEncoder().encode(text.value).length),
                )}
              </p>
              <Chips groups={groups.value} chosen={chosen} onChoose={(piece) => (from.value = piece.from)} />
              <p class="quiet" data-testid="token-detail">
                {chosen ? detail(chosen, value.vocabSize, t) : t.hint}
              </p>
              <DataTable
                caption={t.table}
                columns={t.columns}
                testId="token-table"
                rows={() =>
                  groups.value
                    .flatMap(({ pieces }) => pieces)
                    .map(({ id, bytes, from, to }) => [nameOf(bytes), id, hex(bytes), from, to])
                }
              />
            </>
          ) : (
            !error && <p class="quiet">{t.waiting}</p>
          )}
        </Panel>
      </Tabs>
    </TabPage>
  );
}

function detail({ id, bytes, from, to }: Piece, vocabSize: number, t: typeof en): string {
  return [
    t.chosen(nameOf(bytes)),
    t.rank(String(id), formatNumber(vocabSize)),
    t.bytes(hex(bytes)),
    t.offsets(String(from), String(to)),
  ].join(" · ");
}
