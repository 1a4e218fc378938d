import type { ComponentChildren } from "preact";

interface ButtonProps {
  readonly children: ComponentChildren;
  readonly onClick: (event: MouseEvent) => void;
  /** `primary`: the one thing to do here. `quiet`: looks like text. */
  readonly kind?: "primary" | "plain" | "quiet";
  readonly disabled?: boolean;
  /** Why a click does nothing for the moment. The focus may stay here until it does again. */
  readonly blocked?: string | undefined;
  /** For a button that is on or off. */
  readonly pressed?: boolean;
  /** Says what a sign means. */
  readonly label?: string;
  readonly testId?: string;
}

export function Button({
  children,
  onClick,
  kind = "plain",
  disabled = false,
  blocked,
  pressed,
  label,
  testId,
}: ButtonProps) {
  return (
    <button
      type="button"
      class={`button ${kind}`}
      onClick={blocked === undefined ? onClick : undefined}
      disabled={disabled}
      aria-disabled={blocked === undefined ? undefined : true}
      aria-pressed={pressed}
      aria-label={label}
      title={blocked ?? label}
      data-testid={testId}
    >
      {children}
    </button>
  );
}
