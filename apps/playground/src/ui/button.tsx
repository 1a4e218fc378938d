import type { ComponentChildren } from "preact";

interface ButtonProps {
  readonly children: ComponentChildren;
  readonly onClick: () => void;
  /** `primary`: the one thing to do here. `quiet`: looks like text. */
  readonly kind?: "primary" | "plain" | "quiet";
  readonly disabled?: boolean;
  /** For a button that is on or off. */
  readonly pressed?: boolean;
  /** Says what a sign means. */
  readonly label?: string;
  readonly testId?: string;
}

export function Button({ children, onClick, kind = "plain", disabled = false, pressed, label, testId }: ButtonProps) {
  return (
    <button
      type="button"
      class={`button ${kind}`}
      onClick={onClick}
      disabled={disabled}
      aria-pressed={pressed}
      aria-label={label}
      title={label}
      data-testid={testId}
    >
      {children}
    </button>
  );
}
