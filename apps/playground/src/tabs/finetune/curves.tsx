import { formatNumber, formatPercent, words } from "../../i18n/language.ts";
import type { History } from "../../state/run.ts";
import { DataTable } from "../../ui/data-table.tsx";
import { LineChart } from "../../ui/line-chart.tsx";
import { Panel } from "../../ui/tab-page.tsx";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

/** Loss, and for a classifier accuracy, as the training goes on. */
export function Curves({ history: { steps, evals, epochs } }: { readonly history: History }) {
  const t = words({ en, zh });
  if (steps.length === 0) return null;
  const x = evals.map(({ step }) => step);
  const lastOfEpoch = epochs.map(({ step }) => step);
  const latest = epochs.at(-1);
  return (
    <>
      <Panel title={t.losses}>
        <LineChart
          label={t.losses}
          lines={[
            { label: t.lines.train, x: steps.map(({ step }) => step), y: steps.map(({ loss }) => loss) },
            { label: t.lines.val, x, y: evals.map(({ valLoss }) => valLoss) },
          ]}
          xLabel={t.step}
          testId="tuning-loss"
        />
        <DataTable
          caption={t.table}
          columns={t.columns}
          testId="tuning-table"
          rows={() =>
            evals.map(({ step, trainLoss, valLoss }) => [step, formatNumber(trainLoss, 4), formatNumber(valLoss, 4)])
          }
        />
      </Panel>
      {latest?.valAccuracy !== undefined && (
        <Panel title={`${t.accuracy}: ${formatPercent(latest.valAccuracy)}`} testId="tuning-accuracy">
          <LineChart
            label={t.accuracy}
            lines={[
              { label: t.lines.train, x: lastOfEpoch, y: epochs.map(({ trainAccuracy }) => trainAccuracy) },
              { label: t.lines.val, x: lastOfEpoch, y: epochs.map(({ valAccuracy }) => valAccuracy) },
            ]}
            xLabel={t.step}
            height={140}
            testId="accuracy-chart"
          />
          <DataTable
            caption={t.accuracy}
            columns={t.columns}
            testId="accuracy-table"
            rows={() =>
              epochs.map(({ step, trainAccuracy, valAccuracy }) => [
                step,
                formatPercent(trainAccuracy ?? Number.NaN),
                formatPercent(valAccuracy ?? Number.NaN),
              ])
            }
          />
        </Panel>
      )}
    </>
  );
}
