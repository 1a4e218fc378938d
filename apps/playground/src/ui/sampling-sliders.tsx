import { shellWords } from "../i18n/shell.ts";
import { KNOBS, type SamplingKnobs } from "../state/sampling-knobs.ts";
import { Slider } from "./slider.tsx";

/** A slider for each knob of sampling. */
export function SamplingSliders({ knobs }: { readonly knobs: SamplingKnobs }) {
  const t = shellWords().sampling;
  return (
    <>
      {KNOBS.map(({ name, testId, min, max, step }) => (
        <Slider key={name} {...t[name]} value={knobs[name]} min={min} max={max} step={step} testId={testId} />
      ))}
    </>
  );
}
