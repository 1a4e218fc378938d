import type { Signal } from "@preact/signals";
import { Field } from "./field.tsx";

interface TextInputProps {
  readonly label: string;
  readonly value: Signal<string>;
  /** More than one makes a text area. */
  readonly rows?: number;
  readonly testId: string;
  readonly hint?: string;
  readonly disabled?: boolean;
}

export function TextInput({ label, value, rows = 1, testId, hint, disabled = false }: TextInputProps) {
  const common = {
    value: value.value,
    disabled,
    spellcheck: false,
    autocomplete: "off",
    "data-testid": testId,
  } as const;
  return (
    <Field label={label} hint={hint} testId={testId}>
      {rows > 1 ? (
        <textarea {...common} rows={rows} onInput={({ currentTarget }) => (value.value = currentTarget.value)} />
      ) : (
        <input {...common} type="text" onInput={({ currentTarget }) => (value.value = currentTarget.value)} />
      )}
    </Field>
  );
}
