import { formatBytes, formatNumber, words } from "../../i18n/language.ts";
import { en } from "./en.ts";
import { info, run } from "./training.ts";
import { zh } from "./zh.ts";

/** Where the run stands, in numbers. */
export function Numbers() {
  const t = words({ en, zh }).numbers;
  const [latest, evaluated, memory] = [run.latest.value, run.history.value.evals.at(-1), run.memory.value];
  const state = run.state.value;
  if (!info.value || !state) return null;
  const numbers: readonly (readonly [name: keyof typeof t, value: string | undefined])[] = [
    ["step", `${formatNumber(state.step)} / ${formatNumber(state.totalSteps)}`],
    ["loss", latest && formatNumber(latest.loss, 4)],
    ["valLoss", evaluated && formatNumber(evaluated.valLoss, 4)],
    ["lr", latest?.lr.toExponential(2)],
    ["gradNorm", latest?.gradNorm === undefined ? undefined : formatNumber(latest.gradNorm, 3)],
    ["speed", latest && formatNumber(latest.tokensPerSecond)],
    ["params", formatNumber(info.value.params)],
    ["tokens", formatNumber(info.value.trainTokens)],
    ["tensors", memory && formatNumber(memory.numTensors)],
    ["memory", memory && formatBytes(memory.memBytes)],
  ];
  return (
    <dl
      class="numbers"
      data-testid="train-numbers"
      data-step={state.step}
      data-loss={latest?.loss}
      data-tensors={memory?.numTensors}
    >
      {numbers.map(
        ([name, value]) =>
          value !== undefined && (
            <div key={name}>
              <dt>{t[name]}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
