import { words } from "../../i18n/language.ts";
import { usePortions } from "../../ui/portions.tsx";
import { TokenText } from "../../ui/token-text.tsx";
import { en } from "./en.ts";
import { PieceName } from "./piece-name.tsx";
import type { Group, Piece } from "./pieces.ts";
import { zh } from "./zh.ts";

interface ChipsProps {
  readonly groups: readonly Group[];
  readonly chosen: Piece | undefined;
  readonly onChoose: (piece: Piece) => void;
}

/** Every token as a chip with its id; the fragments of one character under it. */
export function Chips({ groups, chosen, onChoose }: ChipsProps) {
  const t = words({ en, zh });
  const [shown, more] = usePortions(groups.length, "more-chips");
  return (
    <>
      <ol class="chips" aria-label={t.tokens} data-testid="chips" tabIndex={0}>
        {groups.slice(0, shown).map(({ text, pieces }, index) => (
          <li key={index} class={pieces.length > 1 ? "fragments" : undefined}>
            {pieces.length > 1 && <TokenText text={text} />}
            {pieces.map((piece) => (
              <button
                key={piece.from}
                type="button"
                class="chip"
                data-testid="chip"
                data-id={piece.id}
                aria-pressed={piece.from === chosen?.from}
                onClick={() => onChoose(piece)}
              >
                <PieceName bytes={piece.bytes} />
                <small>{piece.id}</small>
              </button>
            ))}
          </li>
        ))}
      </ol>
      {more}
    </>
  );
}
