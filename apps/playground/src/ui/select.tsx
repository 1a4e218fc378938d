import type { Signal } from "@preact/signals";
import { Field } from "./field.tsx";

/** One of the choices of a {@link Select} or {@link Tabs}. */
export interface Choice<T> {
  readonly value: T;
  readonly label: string;
}

interface SelectProps<T> {
  readonly label: string;
  readonly value: Signal<T>;
  readonly choices: readonly Choice<T>[];
  readonly testId: string;
  readonly hint?: string;
  readonly disabled?: boolean;
}

export function Select<T extends string | number>(props: SelectProps<T>) {
  const { label, value, choices, testId, hint, disabled = false } = props;
  const choose = (index: number): void => {
    const choice = choices[index];
    if (choice) value.value = choice.value;
  };
  return (
    <Field label={label} hint={hint} testId={testId}>
      <select
        disabled={disabled}
        data-testid={testId}
        onChange={({ currentTarget }) => choose(currentTarget.selectedIndex)}
      >
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value} selected={choice.value === value.value}>
            {choice.label}
          </option>
        ))}
      </select>
    </Field>
  );
}
