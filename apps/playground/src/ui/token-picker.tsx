import { TokenText } from "./token-text.tsx";

interface TokenPickerProps {
  readonly label: string;
  readonly tokens: readonly { readonly id: number; readonly text: string }[];
  /** The index of the chosen one. */
  readonly chosen?: number;
  readonly onChoose: (index: number) => void;
  /** Told when the pointer or the keyboard is on a token, and `undefined` when it leaves. */
  readonly onPoint?: (index: number | undefined) => void;
  /** Each token's `data-testid` is this, a hyphen and its index. */
  readonly testId: string;
}

/** The tokens of a text in a row, one of which may be chosen. */
export function TokenPicker({ label, tokens, chosen, onChoose, onPoint, testId }: TokenPickerProps) {
  return (
    <ol class="token-picker" aria-label={label} data-testid={testId}>
      {tokens.map(({ id, text }, index) => (
        <li key={index}>
          <button
            type="button"
            aria-pressed={index === chosen}
            title={String(id)}
            data-testid={`${testId}-${index}`}
            onClick={() => onChoose(index)}
            onPointerEnter={() => onPoint?.(index)}
            onPointerLeave={() => onPoint?.(undefined)}
            onFocus={() => onPoint?.(index)}
            onBlur={() => onPoint?.(undefined)}
          >
            <TokenText text={text} />
          </button>
        </li>
      ))}
    </ol>
  );
}
