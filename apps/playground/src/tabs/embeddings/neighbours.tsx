import type { ReadonlySignal } from "@preact/signals";
import type { Token } from "../../engine/protocol.ts";
import { formatNumber, words } from "../../i18n/language.ts";
import { engine, MODEL, model } from "../../state/engine.ts";
import { useAnswer } from "../../state/use-answer.ts";
import { BarList } from "../../ui/bar-list.tsx";
import { Failure } from "../../ui/failure.tsx";
import { TokenText } from "../../ui/token-text.tsx";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

const COUNT = 12;

/** The tokens whose embeddings point most nearly the same way as the chosen one's. */
export function Neighbours({ token }: { readonly token: ReadonlySignal<Token | undefined> }) {
  const t = words({ en, zh });
  const nearest = useAnswer(
    () => model.value && token.value && { id: token.value.id, model: model.value },
    ({ id }) => engine.call("neighbours", { model: MODEL, id, count: COUNT }),
  );
  const { value, error } = nearest.value;
  return (
    <>
      <p class="quiet">{t.neighboursHint}</p>
      {error && <Failure error={error} />}
      {value && (
        <BarList
          label={t.neighboursHint}
          testId="neighbours"
          bars={value.map(({ id, text, similarity }) => ({
            key: id,
            label: <TokenText text={text} />,
            value: similarity,
            text: formatNumber(similarity, 3),
          }))}
        />
      )}
    </>
  );
}
