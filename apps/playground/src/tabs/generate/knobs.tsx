import { words } from "../../i18n/language.ts";
import { model } from "../../state/engine.ts";
import { NumberInput } from "../../ui/number-input.tsx";
import { SamplingSliders } from "../../ui/sampling-sliders.tsx";
import { Panel } from "../../ui/tab-page.tsx";
import { Toggle } from "../../ui/toggle.tsx";
import { en } from "./en.ts";
import { params } from "./params.ts";
import { zh } from "./zh.ts";

/** How the next token is drawn, and how many there will be. */
export function Knobs() {
  const t = words({ en, zh });
  return (
    <Panel title={t.knobs}>
      <NumberInput label={t.length} value={params.length} min={1} max={1000} testId="length" />
      <SamplingSliders knobs={params} />
      <NumberInput label={t.seed} value={params.seed} min={0} max={0xff_ff_ff_ff} testId="seed" />
      {!model.value?.onnx && <Toggle label={t.cache} value={params.cache} testId="cache" />}
    </Panel>
  );
}
