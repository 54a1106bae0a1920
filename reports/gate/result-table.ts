import type { GateSummary, RowFinding, SummaryRow } from '../../ci/gate/output/gate-summary.js';
import type { GateVerdictFile, MetricLine } from '../../ci/gate/verdict/gate-verdict.js';
import { NOT_AVAILABLE, THIN_SPACE } from '../numbers/digits.js';
import { ratioText } from '../numbers/ratio.js';
import { geometricMean } from '../numbers/ratio-interval.js';
import { withUnit } from '../numbers/scale.js';
import { plural } from '../numbers/sentence.js';
import { metricName } from '../view-model/metric-catalogue.js';
import { type CellInput, type CellState, type TableView, tableView } from '../view-model/table-view.js';
import {
  caseInWords,
  metricInWords,
  ratioOfSlowdown,
  slowdownIntervalText,
  slowdownText,
} from './gate-words.js';

/** What was compared, a line for each metric, what is certain first. */
export interface ResultView {
  sentence: string;
  table: TableView;
  /** Why, of those that no section about looks explains. */
  notes: string[];
}

export const FINDING_WORDS: Record<RowFinding, { text: string; state: CellState }> = {
  fail: { text: '✕ slower', state: 'fail' },
  improved: { text: '▲ faster', state: 'pass' },
  inconclusive: { text: '? inconclusive', state: 'inconclusive' },
  pass: { text: '✓ pass', state: 'pass' },
  shown: { text: '· shown only', state: 'muted' },
};

/** Whether the interval leaves out 0; null where there is no interval. */
export function isSignificant({ interval95Percent: interval }: MetricLine): boolean | null {
  return interval === null ? null : interval[0] > 0 || interval[1] < 0;
}

/** Confirmed first, then what differs by its interval, then the rest, each by the size of the difference. */
function rankOf(line: MetricLine, finding: RowFinding): number {
  if (finding === 'fail') return 0;
  if (finding === 'improved') return 1;
  if (line.state === null) return 5;
  if (isSignificant(line) === true) return 2;
  return finding === 'inconclusive' ? 3 : 4;
}

export function resultView(file: GateVerdictFile, rows: readonly SummaryRow[]): ResultView {
  const lines = file.metrics
    .map((line, index) => ({ line, row: rows[index]!, rank: rankOf(line, rows[index]!.finding) }))
    .sort(
      (a, b) =>
        a.rank - b.rank || Math.abs(b.line.slowdownPercent ?? 0) - Math.abs(a.line.slowdownPercent ?? 0),
    );
  const significant = file.metrics.filter((line) => isSignificant(line) === true).length;
  const timed = file.metrics.filter(({ interval95Percent }) => interval95Percent !== null).length;
  const mean = meanOf(file.metrics);
  return {
    sentence: sentenceOf(timed, significant, mean),
    table: tableView({
      caption:
        'Positive is slower, whatever the metric; medians of the windows in absolute figures; “~” where the 95 % interval holds 0',
      columns: ['Case', 'Metric', 'Finding', '#Slowdown', '#95 % interval', '#Limit', '#Base', '#Candidate'],
      rows: lines.map(({ line, row }) => cellsOf(line, row)),
      footer: mean === null ? [] : [meanRow(mean)],
    }),
    notes: lines.flatMap(({ line, row }) => reasonOf(line, row)),
  };
}

function sentenceOf(timed: number, significant: number, mean: Mean | null): string {
  if (timed === 0)
    return 'No timed metric has an interval: there were fewer than six invocations to make one from.';
  const overall =
    mean === null
      ? ''
      : ` Taken together, the candidate does ${ratioText(mean.ratio)} what the base does (geometric mean of ${plural(mean.metrics, 'timed metric')}).`;
  return `${significant} of ${plural(timed, 'timed metric')} ${significant === 1 ? 'differs' : 'differ'} from the base by a 95 % interval without 0, as one in twenty does by chance.${overall}`;
}

function cellsOf(line: MetricLine, row: SummaryRow): CellInput[] {
  const { label, quantity } = metricName(line.metric);
  const significant = isSignificant(line);
  const figure = (value: number | null): CellInput =>
    value === null
      ? { text: NOT_AVAILABLE, state: 'muted' }
      : { text: withUnit(quantity, value), state: 'muted' };
  return [
    caseInWords(line.case),
    label,
    FINDING_WORDS[row.finding],
    {
      text: slowdownText(line.slowdownPercent),
      ...(significant === false ? { detail: '~' } : {}),
      ...(row.finding === 'fail' ? { state: 'fail' as const } : {}),
    },
    line.interval95Percent === null
      ? { text: line.kind === 'counter' ? 'counted' : NOT_AVAILABLE, state: 'muted' }
      : slowdownIntervalText(line.interval95Percent),
    line.state === null ? { text: 'none', state: 'muted' } : `${line.limitPercent}${THIN_SPACE}%`,
    figure(line.base),
    figure(line.candidate),
  ];
}

function reasonOf(line: MetricLine, { reason }: SummaryRow): string[] {
  if (line.state !== null) return line.state.kind === 'counter' && reason !== '' ? [`${reason}.`] : [];
  const why =
    line.kind === 'shown'
      ? 'in closed loop it is throughput said again (Little’s law), so it decides nothing'
      : 'not compared: it was not counted for both builds, or the gate ended before it was judged';
  return [`${metricInWords(line)}: ${why}.`];
}

interface Mean {
  ratio: number;
  metrics: number;
}

/** Of the ratios of the gated timed metrics; a mean of one is that one. */
function meanOf(metrics: readonly MetricLine[]): Mean | null {
  const ratios = metrics
    .filter(({ kind, slowdownPercent }) => kind === 'timed' && slowdownPercent !== null)
    .map(({ slowdownPercent }) => ({ ratio: ratioOfSlowdown(slowdownPercent!), ci95: null }));
  if (ratios.length < 2) return null;
  return { ratio: geometricMean(ratios).ratio, metrics: ratios.length };
}

function meanRow({ ratio, metrics }: Mean): CellInput[] {
  return [
    `the ${metrics} timed metrics`,
    'geometric mean of ratios',
    { text: '· shown only', state: 'muted' },
    { text: slowdownText(100 * (1 / ratio - 1)), detail: ratioText(ratio) },
    '',
    '',
    '',
    '',
  ];
}

/** A comparison with stored ratios, whose figures are ratios of native to the baseline implementation. */
export function summaryResultView({ rows }: GateSummary): ResultView {
  const judged = rows.filter(({ finding }) => finding !== 'shown').length;
  return {
    sentence: `${plural(judged, 'ratio')} of this run ${judged === 1 ? 'was' : 'were'} held against the median of the stored ones, which is the base of 1.`,
    table: tableView({
      caption: 'Ratios of native to the baseline implementation in this run, against the stored ones',
      columns: ['Case', 'Metric', '#Base', '#Candidate', '#Slowdown', '#Limit', 'Finding', '~Why'],
      rows: rows.map((row) => [
        row.case,
        metricName(row.metric).label,
        { text: row.base, state: 'muted' as const },
        row.candidate,
        row.slowdown,
        row.limit === '' ? { text: 'none', state: 'muted' as const } : row.limit,
        FINDING_WORDS[row.finding],
        row.reason,
      ]),
    }),
    notes: [],
  };
}
