import { isDark } from "../state/theme.ts";
import { rampOf } from "./ramp.ts";

interface ColourScaleProps {
  readonly scale: "sequential" | "diverging";
  /** The values of the first and the last colour, in words. */
  readonly from: string;
  readonly to: string;
}

/** What the colours of a heat map mean. */
export function ColourScale({ scale, from, to }: ColourScaleProps) {
  return (
    <p class="colour-scale">
      {from}
      <span style={{ backgroundImage: `linear-gradient(to right, ${rampOf(scale, isDark()).join()})` }} />
      {to}
    </p>
  );
}
