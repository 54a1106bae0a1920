import { ratioWithInterval } from '../numbers/ratio.js';
import { armIdentity } from '../view-model/arm-identity.js';
import type { QuotientRow } from '../view-model/run-comparison.js';
import type { ChartSpec, RowSpec } from './chart-spec.js';
import { headingRow, ratioAxis, UNITY_RULE } from './forest-chart.js';
import { chartNumber } from './ticks.js';

/** The leading quotients of two runs as a forest plot, in the order of the cases. It has no line of a limit: two runs decide nothing. */
export function comparisonChart(
  rows: readonly QuotientRow[],
  caseOrder: readonly string[],
): ChartSpec | null {
  const leading = rows
    .filter(({ leads }) => leads)
    .sort((a, b) => caseOrder.indexOf(a.caseName) - caseOrder.indexOf(b.caseName));
  if (leading.length === 0) return null;
  const drawn: RowSpec[] = [];
  let caseName: string | null = null;
  for (const row of leading) {
    if (row.caseName !== caseName) drawn.push(headingRow(row.caseName));
    caseName = row.caseName;
    const { ratio, ci95 } = row.quotient;
    const { label, role } = armIdentity(row.against);
    drawn.push({
      ...{ label: `${row.metricLabel} vs ${label}`, role, value: chartNumber(ratio) },
      ...(ci95 === null ? { hollow: true } : { interval: [chartNumber(ci95[0]), chartNumber(ci95[1])] }),
      note: ratioWithInterval(ratio, ci95),
    });
  }
  return {
    kind: 'rows',
    x: ratioAxis(
      leading.map(({ quotient }) => quotient),
      'new ÷ old, of these two runs only · better is to the right →',
    ),
    y: { scale: 'linear', min: -0.5, max: drawn.length - 0.5, title: '', ticks: [], hidden: true },
    series: [],
    rows: drawn,
    noteColumn: true,
    rules: [UNITY_RULE],
  };
}
