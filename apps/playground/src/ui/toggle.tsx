import type { Signal } from "@preact/signals";

interface ToggleProps {
  readonly label: string;
  readonly value: Signal<boolean>;
  readonly testId: string;
  readonly disabled?: boolean;
}

/** On or off. */
export function Toggle({ label, value, testId, disabled = false }: ToggleProps) {
  return (
    <label class="toggle" data-part={testId}>
      <input
        type="checkbox"
        checked={value.value}
        disabled={disabled}
        data-testid={testId}
        onChange={({ currentTarget }) => (value.value = currentTarget.checked)}
      />
      {label}
    </label>
  );
}
