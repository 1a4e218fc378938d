import type { ComponentChildren } from "preact";

interface ErrorLineProps {
  readonly children: ComponentChildren;
  readonly testId?: string | undefined;
}

/** What went wrong, and what to do: read out at once. */
export function ErrorLine({ children, testId }: ErrorLineProps) {
  return (
    <p class="error-line" role="alert" data-testid={testId}>
      {children}
    </p>
  );
}
