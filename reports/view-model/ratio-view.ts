import type { ComparisonRecord, Interval, RunRecord } from '../../scenarios/harness/record.js';
import { alignDecimals, NOT_AVAILABLE } from '../numbers/digits.js';
import { greatest } from '../numbers/order-statistics.js';
import { intervalText, ratioText, ratioWithInterval } from '../numbers/ratio.js';
import { geometricMean } from '../numbers/ratio-interval.js';
import { withUnit } from '../numbers/scale.js';
import { entryOf } from '../record-file/entry-of.js';
import { armIdentity, compareArms, isStored, mainArm } from './arm-identity.js';
import { compareMetrics, isKnownMetric, isThroughput, metricName } from './metric-catalogue.js';
import { hasScaling, isOverThreads } from './scaling-view.js';
import { type CellInput, type TableView, tableView } from './table-view.js';

/** Five per cent slower: 1 ÷ 1.05. */
export const RATIO_LIMIT = 1 / 1.05;
/** Below this many rounds there is no interval. */
export const INTERVAL_ROUNDS_MIN = 5;

/** One row of the forest plot and of the ratio table. */
export interface RatioRow {
  caseName: string;
  metric: string;
  metricLabel: string;
  arm: string;
  against: string;
  ratio: number;
  ci95: Interval | null;
  rounds: number;
  mark: string | null;
  /** What the interval says about 1×. */
  finding: 'better' | 'worse' | 'no difference shown' | 'no interval';
  absolute: { ours: string; theirs: string };
}

/** A case that has no figures, with the reason in words. */
export interface MissingCase {
  caseName: string;
  status: 'not-measurable' | 'projected' | 'not-run';
  reason: string;
}

export interface RatioView {
  /** The arm that the page speaks about. */
  ours: string;
  /** Every ratio of the record, for the table. */
  rows: RatioRow[];
  /** Those that a reader looks for first, for the picture and the sentence. */
  leading: RatioRow[];
  missing: MissingCase[];
  sentence: string;
  table: TableView;
}

function findingOf(comparison: ComparisonRecord): RatioRow['finding'] {
  if (!comparison.ci95) return 'no interval';
  if (comparison.ci95[0] > 1) return 'better';
  return comparison.ci95[1] < 1 ? 'worse' : 'no difference shown';
}

function absoluteOf(record: RunRecord, comparison: ComparisonRecord, arm: string): string {
  const metric = entryOf(
    entryOf(entryOf(record.cases, comparison.case)?.arms, arm)?.metrics,
    comparison.metric,
  );
  return metric ? withUnit(metricName(comparison.metric).quantity, metric.value, metric.unit) : NOT_AVAILABLE;
}

/** The paired ratios of one case and metric, ours against each other arm, in the order of the page. */
export function ratiosOf(record: RunRecord, caseName: string, metric: string): ComparisonRecord[] {
  const ours = mainArm(record);
  return record.comparisons
    .filter((row) => row.case === caseName && row.metric === metric && row.arm === ours)
    .sort((a, b) => compareArms(a.against, b.against));
}

export function missingCases(record: RunRecord): MissingCase[] {
  return Object.entries(record.cases).flatMap(([caseName, caseRecord]): MissingCase[] => {
    if (caseRecord.status !== 'measured') {
      return [{ caseName, status: caseRecord.status, reason: caseRecord.reason ?? 'no reason recorded' }];
    }
    if (Object.keys(caseRecord.arms).length === 0) {
      const reason =
        caseRecord.reason ?? (record.interrupted ? 'interrupted before it ran' : 'no arm has figures');
      return [{ caseName, status: 'not-run', reason }];
    }
    return [];
  });
}

export function ratioView(record: RunRecord): RatioView {
  const caseOrder = Object.keys(record.cases);
  const ours = mainArm(record);
  const armRank = (arm: string) => (arm === ours ? 0 : 1);
  const rows = [...record.comparisons]
    .sort(
      (a, b) =>
        caseOrder.indexOf(a.case) - caseOrder.indexOf(b.case) ||
        compareMetrics(a.metric, b.metric) ||
        armRank(a.arm) - armRank(b.arm) ||
        compareArms(b.against, a.against) ||
        compareArms(a.arm, b.arm),
    )
    .map(
      (comparison): RatioRow => ({
        caseName: comparison.case,
        metric: comparison.metric,
        metricLabel: metricName(comparison.metric).label,
        arm: comparison.arm,
        against: comparison.against,
        ratio: comparison.ratio,
        ci95: comparison.ci95,
        rounds: comparison.n,
        mark: comparison.mark ?? null,
        finding: findingOf(comparison),
        absolute: {
          ours: absoluteOf(record, comparison, comparison.arm),
          theirs: absoluteOf(record, comparison, comparison.against),
        },
      }),
    );
  // What of scaling is missing has its place in the section about scaling, projections included.
  const missing = missingCases(record).filter(({ caseName }) => !isOverThreads(record.cases[caseName]!));
  const leading = leadingRows(record, rows);
  return {
    ours,
    rows,
    leading,
    missing,
    sentence: sentenceOf(leading, rows.length, ours),
    table: ratioTable(rows, missing, hasScaling(record) ? [] : leading.filter((row) => row.arm === ours)),
  };
}

/** What each metric stands for when there are several of a kind. */
const LEADING_METRICS = [
  'throughput_ops_per_s',
  'latency_ns_p99',
  'cpu_ns_per_op',
  'memory_bytes_per_session',
];

/**
 * A full record compares every metric of every pair of arms, some hundred ratios that mostly say the same
 * again. Bytes per second lead where nothing counts operations; a metric outside the catalogue always leads.
 */
function leadingRows(record: RunRecord, rows: RatioRow[]): RatioRow[] {
  const leads = (row: RatioRow) =>
    LEADING_METRICS.includes(row.metric) ||
    !isKnownMetric(row.metric) ||
    (row.metric === 'throughput_bytes_per_s' &&
      !rows.some((other) => other.caseName === row.caseName && other.metric === 'throughput_ops_per_s'));
  return rows.filter((row) => leads(row) && !isPacedThroughput(record, row.caseName, row.metric));
}

/** In open loop the schedule sets the rate, so that every arm that keeps up has the same. */
export function isPacedThroughput(record: RunRecord, caseName: string, metric: string): boolean {
  return isThroughput(metric) && entryOf(record.cases, caseName)?.parameters.load === 'open';
}

function sentenceOf(rows: RatioRow[], total: number, ours: string): string {
  if (rows.length === 0) return 'There is nothing to compare: no two arms were measured under the same work.';
  const mine = rows.filter((row) => row.arm === ours);
  const counted = mine.length > 0 ? mine : rows;
  const better = counted.filter((row) => row.finding === 'better').length;
  const worse = counted.filter((row) => row.finding === 'worse').length;
  const label = armIdentity(counted[0]!.arm).label;
  const rest = total > rows.length ? ` The table has all ${total} ratios of the run.` : '';
  const withInterval = counted.filter((row) => row.finding !== 'no interval').length;
  if (withInterval === 0) {
    const rounds = greatest(counted.map((row) => row.rounds));
    const lacking =
      rounds < INTERVAL_ROUNDS_MIN ? `: ${rounds} of the ${INTERVAL_ROUNDS_MIN} rounds that one needs` : '';
    return `${counted.length} leading ratios of ${label}, all without an interval${lacking}. Read them as hints.${rest}`;
  }
  const best = counted.reduce((a, b) => (b.ratio > a.ratio ? b : a));
  const worst = counted.reduce((a, b) => (b.ratio < a.ratio ? b : a));
  const describe = (row: RatioRow) =>
    `${ratioWithInterval(row.ratio, row.ci95)} (${row.metricLabel} against ${armIdentity(row.against).label}, ${row.caseName})`;
  return (
    `Of ${counted.length} leading ratios of ${label}, ${better} are clearly better than 1× and ${worse} clearly worse; ` +
    `from ${describe(worst)} to ${describe(best)}.${rest}`
  );
}

const FINDING_TEXT: Record<Exclude<RatioRow['finding'], 'no interval'>, string> = {
  better: '▲ better',
  worse: '▼ worse',
  'no difference shown': '= no difference shown',
};

/** Too few rounds are one reason; with a stored baseline too few stored runs are another. */
function withoutInterval({ rounds }: RatioRow): string {
  const why = rounds < INTERVAL_ROUNDS_MIN ? `fewer than ${INTERVAL_ROUNDS_MIN} rounds` : 'no interval';
  return `${NOT_AVAILABLE}: ${why}`;
}

function ratioTable(rows: RatioRow[], missing: MissingCase[], averaged: RatioRow[]): TableView {
  const ratios = alignDecimals(rows.map((row) => ratioText(row.ratio)));
  return tableView({
    caption: 'Ratios with 95 % intervals; above 1× is better, whatever the metric',
    columns: [
      'Case',
      'Metric',
      'Arm',
      'Against',
      '#Ratio',
      '#95 % interval',
      'Finding',
      '#Rounds',
      '#Ours',
      '#Theirs',
    ],
    rows: [
      ...rows.map((row, index) => [
        row.caseName,
        row.metricLabel,
        armIdentity(row.arm).label,
        armIdentity(row.against).label,
        { text: ratios[index]!, ...(row.mark ? { detail: row.mark } : {}) },
        row.ci95 ? intervalText(row.ci95) : { text: NOT_AVAILABLE, state: 'muted' as const },
        row.finding === 'no interval'
          ? { text: withoutInterval(row), state: 'muted' as const }
          : FINDING_TEXT[row.finding],
        String(row.rounds),
        { text: row.absolute.ours, state: 'muted' as const },
        { text: row.absolute.theirs, state: 'muted' as const },
      ]),
      ...missing.map((entry) => [
        entry.caseName,
        { text: MISSING_TEXT[entry.status], detail: entry.reason, state: 'not-measurable' as const },
        ...Array.from({ length: 8 }, () => ({ text: NOT_AVAILABLE, state: 'muted' as const })),
      ]),
    ],
    footer: meanRows(averaged),
  });
}

/**
 * Geometric means over the cases, of the ratios that lead; over numbers of threads a mean would say nothing. A stored baseline is
 * other runs, whose ratios the rounds of this one are not paired with.
 */
function meanRows(rows: RatioRow[]): CellInput[][] {
  const groups = new Map<string, RatioRow[]>();
  for (const row of rows.filter(({ ratio, against }) => ratio > 0 && !isStored(against))) {
    const key = JSON.stringify([row.metric, row.against]);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()]
    .filter((group) => group.length > 1)
    .map((group): CellInput[] => {
      const { metricLabel, arm, against } = group[0]!;
      const { ratio, ci95 } = geometricMean(group);
      return [
        `Geometric mean of ${group.length} rows`,
        metricLabel,
        armIdentity(arm).label,
        armIdentity(against).label,
        ratioText(ratio),
        ci95 ? intervalText(ci95) : { text: NOT_AVAILABLE, state: 'muted' },
        ...Array.from({ length: 4 }, () => ''),
      ];
    });
}

export const MISSING_TEXT: Record<MissingCase['status'], string> = {
  'not-measurable': '○ not measurable here',
  projected: '○ projected, not measured',
  'not-run': '○ not measured',
};
