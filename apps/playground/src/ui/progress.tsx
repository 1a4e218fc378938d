interface ProgressProps {
  /** What is going on; also the bar's name. */
  readonly label: string;
  readonly done: number;
  /** 0 while nobody knows. */
  readonly total: number;
  /** Right of the label: bytes, rate, time left. */
  readonly detail?: string;
  readonly testId?: string;
}

/** How far something is. */
export function Progress({ label, done, total, detail, testId }: ProgressProps) {
  const known = total > 0;
  return (
    <label class="progress">
      <span>
        {label}
        {detail !== undefined && <output>{detail}</output>}
      </span>
      <progress max={known ? total : undefined} value={known ? done : undefined} data-testid={testId} />
    </label>
  );
}
