import type { Signal } from "@preact/signals";
import { formatNumber } from "../i18n/language.ts";
import { Field } from "./field.tsx";

interface SliderProps {
  readonly label: string;
  readonly value: Signal<number>;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly testId: string;
  readonly hint?: string;
  readonly disabled?: boolean;
  /** How the value is written; as a number with the step's digits by default. */
  readonly format?: (value: number) => string;
}

export function Slider({ label, value, min, max, step, testId, hint, disabled = false, format }: SliderProps) {
  const digits = String(step).split(".")[1]?.length ?? 0;
  const written = format?.(value.value) ?? formatNumber(value.value, digits);
  return (
    <Field label={label} hint={hint} testId={testId} value={written}>
      <input
        type="range"
        min={min}
        max={max}
        step={step}
        value={value.value}
        disabled={disabled}
        aria-valuetext={written}
        data-testid={testId}
        onInput={({ currentTarget }) => (value.value = currentTarget.valueAsNumber)}
      />
    </Field>
  );
}
