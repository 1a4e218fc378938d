import type { ComponentChildren } from "preact";

/** What went wrong, and what to do: read out at once. */
export function ErrorLine({ children, testId }: { readonly children: ComponentChildren; readonly testId?: string }) {
  return (
    <p class="error-line" role="alert" data-testid={testId}>
      {children}
    </p>
  );
}
