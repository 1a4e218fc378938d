import type { Signal } from "@preact/signals";
import { Field } from "./field.tsx";

interface NumberInputProps {
  readonly label: string;
  readonly value: Signal<number>;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  readonly testId: string;
  readonly hint?: string;
  readonly disabled?: boolean;
}

/** A number typed in; what is no number, or beyond the limits, is not taken. */
export function NumberInput({ label, value, min, max, step = 1, testId, hint, disabled = false }: NumberInputProps) {
  return (
    <Field label={label} hint={hint} testId={testId}>
      <input
        type="number"
        inputMode="decimal"
        min={min}
        max={max}
        step={step}
        value={value.value}
        disabled={disabled}
        data-testid={testId}
        onChange={({ currentTarget }) => {
          const typed = currentTarget.valueAsNumber;
          if (typed >= min && typed <= max) value.value = typed;
          else currentTarget.value = String(value.value);
        }}
      />
    </Field>
  );
}
