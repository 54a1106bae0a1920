import type { SummaryRow } from '../../ci/gate/output/gate-summary.js';
import type { GateVerdictFile, MetricLine } from '../../ci/gate/verdict/gate-verdict.js';
import type { ChartSpec, RowSpec } from '../charts/chart-spec.js';
import { headingRow, ratioAxis } from '../charts/forest-chart.js';
import { chartNumber } from '../charts/ticks.js';
import { alignDecimals, NOT_AVAILABLE } from '../numbers/digits.js';
import { intervalText, ratioText, ratioWithInterval } from '../numbers/ratio.js';
import { plural } from '../numbers/sentence.js';
import { metricName } from '../view-model/metric-catalogue.js';
import { type TableView, tableView } from '../view-model/table-view.js';
import { ratioOfSlowdown } from './gate-words.js';
import { FINDING_WORDS } from './result-table.js';

/** Ratios candidate ÷ base, better to the right: a dot and its 95 % bar for each metric, its own limit as a tick. */
export function ratioForest(file: GateVerdictFile, summary: readonly SummaryRow[]): ChartSpec | null {
  const rows: RowSpec[] = [];
  let caseName: string | null = null;
  file.metrics.forEach((line, index) => {
    if (line.case !== caseName) rows.push(headingRow(line.case));
    caseName = line.case;
    rows.push(rowOf(line, summary[index]!));
  });
  const drawn = rows.filter((row) => row.value !== undefined);
  if (drawn.length === 0) return null;
  const limit = chartNumber(ratioOfSlowdown(usualLimit(file.metrics)));
  const estimates = drawn.flatMap(({ value, interval = null, limitAt = limit }) => [
    { ratio: value!, ci95: interval },
    { ratio: limitAt, ci95: null },
  ]);
  return {
    kind: 'rows',
    x: ratioAxis(estimates, 'candidate ÷ base · dashed: limit · better is to the right →'),
    y: { scale: 'linear', min: -0.5, max: rows.length - 0.5, title: '', ticks: [], hidden: true },
    series: [],
    rows,
    noteColumn: true,
    rules: [
      { axis: 'x', at: 1, label: '1×', dashed: false },
      { axis: 'x', at: limit, label: `${limit.toFixed(3)}×`, dashed: true },
    ],
  };
}

function rowOf(line: MetricLine, { finding, reason }: SummaryRow): RowSpec {
  const { slowdownPercent, state, metric } = line;
  const label = state === null ? `${metricName(metric).label} (shown)` : metricName(metric).label;
  if (slowdownPercent === null) {
    return { label, role: 'other', hollow: true, note: reason === '' ? 'not compared' : reason };
  }
  const ratio = ratioOfSlowdown(slowdownPercent);
  const interval = intervalOf(line);
  return {
    label,
    role: finding === 'fail' ? 'fail' : state === null ? 'other' : 'native',
    value: chartNumber(ratio),
    ...(interval === null ? {} : { interval: interval.map(chartNumber) as [number, number] }),
    ...(finding === 'inconclusive' ? { hollow: true } : {}),
    ...(state === null ? {} : { limitAt: chartNumber(ratioOfSlowdown(line.limitPercent)) }),
    note: ratioWithInterval(ratio, interval),
  };
}

/** The limit that most of the gated metrics have; the others carry their own as a tick. */
function usualLimit(metrics: readonly MetricLine[]): number {
  const counts = new Map<number, number>();
  for (const { limitPercent, state } of metrics) {
    if (state !== null) counts.set(limitPercent, (counts.get(limitPercent) ?? 0) + 1);
  }
  const [most] = [...counts].sort(([a, countA], [b, countB]) => countB - countA || a - b);
  return most?.[0] ?? 5;
}

function intervalOf({ interval95Percent: percents }: MetricLine): [number, number] | null {
  return percents === null ? null : [ratioOfSlowdown(percents[1]), ratioOfSlowdown(percents[0])];
}

/** The same in figures. */
export function ratiosInWords(
  { metrics }: GateVerdictFile,
  summary: readonly SummaryRow[],
): { sentence: string; table: TableView } {
  const ratios = metrics.map(({ slowdownPercent }) =>
    slowdownPercent === null ? Number.NaN : ratioOfSlowdown(slowdownPercent),
  );
  const texts = alignDecimals(ratios.map(ratioText));
  const compared = ratios.filter(Number.isFinite).length;
  return {
    sentence: `${plural(compared, 'ratio')} of candidate to base with 95 % intervals, above 1× where the candidate is better; a hollow mark is not decided, a dashed line on a row is the metric’s own limit.`,
    table: tableView({
      caption: 'Ratios of candidate to base; above 1× is better, whatever the metric',
      columns: ['Case', 'Metric', '#Ratio', '#95 % interval', '#Limit', 'Finding'],
      rows: metrics.map((line, index) => {
        const interval = intervalOf(line);
        return [
          line.case,
          metricName(line.metric).label,
          texts[index]!,
          interval === null ? { text: NOT_AVAILABLE, state: 'muted' as const } : intervalText(interval),
          line.state === null
            ? { text: 'none', state: 'muted' as const }
            : ratioText(ratioOfSlowdown(line.limitPercent)),
          FINDING_WORDS[summary[index]!.finding],
        ];
      }),
    }),
  };
}
