import { formatNumber, words } from "../../i18n/language.ts";
import type { History } from "../../state/run.ts";
import { Button } from "../../ui/button.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { type Line, LineChart } from "../../ui/line-chart.tsx";
import { Panel } from "../../ui/tab-page.tsx";
import { en } from "./en.ts";
import { kept, run } from "./training.ts";
import { zh } from "./zh.ts";

/** The run's curves, beside those of an earlier one. */
export function Curves() {
  const t = words({ en, zh });
  const history = run.history.value;
  if (history.steps.length === 0) return null;
  const before =
    kept.value && losses(kept.value, t).map((line) => ({ ...line, label: `${line.label} ${t.lossOf}`, dashed: true }));
  return (
    <>
      <Panel title={t.losses}>
        <LineChart
          label={t.losses}
          lines={[...losses(history, t), ...(before ?? [])]}
          xLabel={t.numbers.step}
          testId="loss-chart"
        />
        <DataTable caption={t.table} columns={t.columns} rows={() => rows(history)} testId="loss-table" />
        <Button kind="quiet" testId="train-compare" onClick={() => (kept.value = structuredClone(history))}>
          {t.compare}
        </Button>
      </Panel>
      <Panel title={t.rates}>
        <LineChart label={t.rates} lines={rates(history, t)} xLabel={t.numbers.step} height={140} testId="rate-chart" />
        <DataTable caption={t.rates} columns={t.rateColumns} rows={() => rateRows(history)} testId="rate-table" />
      </Panel>
    </>
  );
}

function losses({ steps, evals }: History, t: typeof en): Line[] {
  return [
    { label: t.trainLine, colour: 0, x: steps.map(({ step }) => step), y: steps.map(({ loss }) => loss) },
    { label: t.valLine, colour: 1, x: evals.map(({ step }) => step), y: evals.map(({ valLoss }) => valLoss) },
  ];
}

/** The rate in units of its largest, to share an axis with the norm. */
function rates({ steps }: History, t: typeof en): Line[] {
  const x = steps.map(({ step }) => step);
  const highest = Math.max(...steps.map(({ lr }) => lr));
  const most = highest.toExponential(1);
  return [
    { label: `${t.numbers.lr} / ${most}`, x, y: steps.map(({ lr }) => lr / highest) },
    { label: t.numbers.gradNorm, x, y: steps.map(({ gradNorm }) => gradNorm ?? 0) },
  ];
}

function rows({ steps, evals }: History): (string | number)[][] {
  const validation = new Map(evals.map(({ step, valLoss }) => [step, formatNumber(valLoss, 4)]));
  return steps.map(({ step, loss }) => [step, formatNumber(loss, 4), validation.get(step) ?? ""]);
}

function rateRows({ steps }: History): (string | number)[][] {
  return steps.map(({ step, lr, gradNorm }) => [step, lr.toExponential(2), formatNumber(gradNorm ?? 0, 3)]);
}
