import { Button } from "./button.tsx";

interface End {
  readonly label: string;
  readonly onClick: () => void;
  readonly disabled?: boolean;
  readonly testId: string;
}

interface StartStopProps {
  readonly busy: boolean;
  readonly start: End;
  readonly stop: End;
}

/** Starts something, and stops it while it goes on. The second click of a double one does not stop what the first began. */
export function StartStop({ busy, start, stop }: StartStopProps) {
  const { label, onClick, ...rest } = busy ? stop : start;
  return (
    <Button kind="primary" {...rest} onClick={({ detail }) => (busy && detail > 1 ? undefined : onClick())}>
      {label}
    </Button>
  );
}
