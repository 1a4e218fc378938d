import type { ComponentChildren } from "preact";

interface FieldProps {
  readonly label: string;
  /** One line below the control. */
  readonly hint?: string | undefined;
  /** The control's `data-testid`, so that `hide=` hides both. */
  readonly testId: string;
  /** What stands right of the label, such as a slider's value. */
  readonly value?: string;
  readonly children: ComponentChildren;
}

/** A control with its label. */
export function Field({ label, hint, testId, value, children }: FieldProps) {
  return (
    <label class="field" data-part={testId}>
      <span class="field-label">
        {label}
        {value !== undefined && <output>{value}</output>}
      </span>
      {children}
      {hint !== undefined && <small>{hint}</small>}
    </label>
  );
}
