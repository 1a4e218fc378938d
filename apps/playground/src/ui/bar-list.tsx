import type { ComponentChildren } from "preact";

/** A row of a {@link BarList}. */
export interface Bar {
  readonly key: string | number;
  readonly label: ComponentChildren;
  /** Length of the bar, from 0 to 1. */
  readonly value: number;
  /** A thin mark behind it, such as the value before a filter. */
  readonly before?: number;
  /** The value in words. */
  readonly text: string;
  /** Stands back, as what a filter took away. */
  readonly faded?: boolean;
  readonly chosen?: boolean;
}

interface BarListProps {
  readonly label: string;
  readonly bars: readonly Bar[];
  /** Makes every row a button. */
  readonly onChoose?: (bar: Bar) => void;
  readonly testId: string;
}

/** Shares side by side, each with its name and its number. */
export function BarList({ label, bars, onChoose, testId }: BarListProps) {
  return (
    <ol class="bar-list" aria-label={label} data-testid={testId}>
      {bars.map((bar) => (
        <li key={bar.key} class={bar.faded ? "faded" : undefined}>
          {onChoose ? (
            <button type="button" aria-pressed={bar.chosen} onClick={() => onChoose(bar)}>
              <Row {...bar} />
            </button>
          ) : (
            <div>
              <Row {...bar} />
            </div>
          )}
        </li>
      ))}
    </ol>
  );
}

function Row({ label, value, before, text }: Bar) {
  return (
    <>
      <span class="bar-label">{label}</span>
      <span class="bar-track" aria-hidden="true">
        {before !== undefined && <span class="bar-before" style={{ width: percent(before) }} />}
        <span class="bar" style={{ width: percent(value) }} />
      </span>
      <span class="bar-text">{text}</span>
    </>
  );
}

function percent(share: number): string {
  return `${Math.min(1, Math.max(0, share)) * 100}%`;
}
