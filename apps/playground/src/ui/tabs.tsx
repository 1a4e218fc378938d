import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";
import type { Choice } from "./select.tsx";

interface TabsProps<T> {
  readonly label: string;
  readonly value: Signal<T>;
  readonly choices: readonly Choice<T>[];
  /** Each tab's `data-testid` is this, a hyphen and its value. */
  readonly testId: string;
  /** What the chosen tab shows. */
  readonly children: ComponentChildren;
}

const MOVES: Readonly<Record<string, (index: number, count: number) => number>> = {
  ArrowRight: (index, count) => (index + 1) % count,
  ArrowLeft: (index, count) => (index + count - 1) % count,
  Home: () => 0,
  End: (_, count) => count - 1,
};

/** Some views in one place, of which one is shown. Arrow keys go from one to the next. */
export function Tabs<T extends string>({ label, value, choices, testId, children }: TabsProps<T>) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent, index: number): void => {
    const to = MOVES[event.key]?.(index, choices.length);
    const choice = to === undefined ? undefined : choices[to];
    if (!choice || to === undefined) return;
    event.preventDefault();
    value.value = choice.value;
    (list.current?.children[to] as HTMLElement | undefined)?.focus();
  };
  return (
    <div class="tabs" data-part={testId}>
      <div class="tab-list" role="tablist" aria-label={label} ref={list}>
        {choices.map((choice, index) => (
          <button
            key={choice.value}
            type="button"
            role="tab"
            id={`${id}-${choice.value}`}
            aria-selected={choice.value === value.value}
            aria-controls={`${id}-panel`}
            tabIndex={choice.value === value.value ? 0 : -1}
            data-testid={`${testId}-${choice.value}`}
            onClick={() => (value.value = choice.value)}
            onKeyDown={(event) => move(event, index)}
          >
            {choice.label}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${value.value}`}>
        {children}
      </div>
    </div>
  );
}
