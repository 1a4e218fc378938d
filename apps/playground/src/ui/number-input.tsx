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

/** A number typed in, brought to the nearest that may be; what is no number is not taken. */
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
        title={`${min} – ${max}`}
        data-testid={testId}
        onChange={({ currentTarget }) => {
          const typed = currentTarget.valueAsNumber;
          const whole = Number.isInteger(step) ? Math.round(typed) : typed;
          if (!Number.isNaN(typed)) value.value = Math.min(max, Math.max(min, whole));
          currentTarget.value = String(value.value);
        }}
      />
    </Field>
  );
}
