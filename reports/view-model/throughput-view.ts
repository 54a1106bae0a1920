import type { ArmRecord, CaseRecord, Interval, RunRecord } from '../../scenarios/harness/record.js';
import { NOT_AVAILABLE, percent } from '../numbers/digits.js';
import { greatest, least, spreadPercent } from '../numbers/order-statistics.js';
import { intervalText, ratioWithInterval } from '../numbers/ratio.js';
import { inScale, type Scale, scaleFor, withUnit } from '../numbers/scale.js';
import { listInWords } from '../numbers/sentence.js';
import { againstInWords, armIdentity, compareArms, mainArm } from './arm-identity.js';
import { metricName } from './metric-catalogue.js';
import { ratiosOf } from './ratio-view.js';
import { type TableView, tableView } from './table-view.js';

/** One arm of a bar chart; values in the metric's own unit. */
export interface BarRow {
  arm: string;
  value: number;
  ci95: Interval | null;
  /** With the round's number in the record, from 0: an arm may have missed one, a case take part in every other one. */
  rounds: { round: number; value: number }[];
  mark: string | null;
  /** The first, cold pass of each round; absent where none was recorded. */
  cold?: number;
}

export interface BarsView {
  caseName: string;
  metric: string;
  label: string;
  scale: Scale;
  rows: BarRow[];
  /** Arms that could not run, with the reason. */
  absent: { arm: string; reason: string }[];
  sentence: string;
  table: TableView;
}

export interface ThroughputView {
  sentence: string;
  cases: BarsView[];
}

export function measuredCases(record: RunRecord): [string, CaseRecord][] {
  return Object.entries(record.cases).filter(
    ([, caseRecord]) => caseRecord.status === 'measured' && Object.keys(caseRecord.arms).length > 0,
  );
}

export function armsOf(caseRecord: CaseRecord): [string, ArmRecord][] {
  return Object.entries(caseRecord.arms).sort(([a], [b]) => compareArms(a, b));
}

/** The throughput that the case is about: bytes where payloads are large, operations otherwise. */
export function throughputMetric(caseRecord: CaseRecord): string | null {
  const names = ['throughput_ops_per_s', 'throughput_bytes_per_s'];
  const arms = Object.values(caseRecord.arms);
  const payload = Number(caseRecord.parameters.payloadBytes ?? 0);
  const ordered = payload >= 4096 ? names.reverse() : names;
  return ordered.find((name) => arms.some((arm) => arm.metrics[name])) ?? null;
}

export function throughputView(record: RunRecord): ThroughputView {
  const ours = mainArm(record);
  const cases = measuredCases(record).flatMap(([caseName, caseRecord]) => {
    const metric = throughputMetric(caseRecord);
    return metric ? [barsView(record, caseName, caseRecord, metric)] : [];
  });
  return { sentence: overallSentence(cases, ours), cases };
}

function barsView(record: RunRecord, caseName: string, caseRecord: CaseRecord, metric: string): BarsView {
  const { label, quantity } = metricName(metric);
  const rows = armsOf(caseRecord).flatMap(([arm, armRecord]): BarRow[] => {
    const figure = armRecord.metrics[metric];
    if (!figure) return [];
    const rounds = armRecord.rounds.flatMap(({ round, metrics: { [metric]: value } }) =>
      value === undefined ? [] : [{ round, value }],
    );
    const cold = metric === 'throughput_ops_per_s' ? armRecord.coldPass?.value : undefined;
    const row = { arm, value: figure.value, ci95: figure.ci95, rounds, mark: figure.mark ?? null };
    return [cold === undefined ? row : { ...row, cold }];
  });
  const unit = Object.values(caseRecord.arms)[0]?.metrics[metric]?.unit;
  const scale = scaleFor(
    quantity,
    rows.map((row) => row.value),
    unit,
  );
  return {
    caseName,
    metric,
    label,
    scale,
    rows,
    absent: absentArms(caseRecord),
    sentence: barSentence(record, caseName, metric, rows),
    table: barTable(caseName, label, scale, rows),
  };
}

export function absentArms(caseRecord: CaseRecord): BarsView['absent'] {
  return Object.entries(caseRecord.absentArms ?? {})
    .sort(([a], [b]) => compareArms(a, b))
    .map(([arm, reason]) => ({ arm, reason }));
}

function barSentence(record: RunRecord, caseName: string, metric: string, rows: BarRow[]): string {
  const ours = mainArm(record);
  const mine = rows.find((row) => row.arm === ours);
  if (!mine) return `${armIdentity(ours).label} has no figure here.`;
  const ratios = ratiosOf(record, caseName, metric).map(
    (row) =>
      `${ratioWithInterval(row.ratio, row.ci95)} ${row.against === 'limit' ? 'of ' : ''}${againstInWords(row.against)}`,
  );
  const tail = ratios.length > 0 ? `: ${ratios.join(', ')}` : '';
  const bound = mine.mark ? ` (${mine.mark})` : '';
  const figure = withUnit(metricName(metric).quantity, mine.value).replace('op/s', 'operations/s');
  return `${armIdentity(ours).label} does ${figure}${bound}${tail}.`;
}

function overallSentence(cases: BarsView[], ours: string): string {
  const mine = cases.flatMap(({ metric, rows }) =>
    rows.filter(({ arm }) => arm === ours).map((row) => ({ metric, row })),
  );
  if (mine.length === 0) return 'No throughput was measured.';
  // Cases of large payloads count bytes, the others of the same run operations: one range of both would mean nothing.
  const ranges = [...new Set(mine.map(({ metric }) => metric))].map((metric) => {
    const values = mine.filter((each) => each.metric === metric).map(({ row }) => row.value);
    const [low, high] = [least(values), greatest(values)].map((value) =>
      withUnit(metricName(metric).quantity, value).replace('op/s', 'operations/s'),
    ) as [string, string];
    return values.length > 1 ? `${low} to ${high}` : low;
  });
  const depending = mine.length > 1 ? ', depending on the case' : '';
  const spreads = mine.flatMap(({ row }) => spreadPercent(row.rounds.map(({ value }) => value)) ?? []);
  const spread =
    spreads.length > 0
      ? `; its rounds vary by up to ${percent(greatest(spreads))} around their mean, which the ratios, taken side by side, mostly cancel`
      : '';
  return `On this machine, on this day, ${armIdentity(ours).label} serves ${listInWords(ranges)}${depending}${spread}.`;
}

/** Every round that one of several lists has, each once and in order. */
export function roundNumbers(columns: readonly (readonly number[])[]): number[] {
  return [...new Set(columns.flat())].sort((a, b) => a - b);
}

function barTable(caseName: string, label: string, scale: Scale, rows: BarRow[]): TableView {
  const numbers = roundNumbers(rows.map(({ rounds }) => rounds.map(({ round }) => round)));
  const hasCold = rows.some((row) => row.cold !== undefined);
  const muted = { text: NOT_AVAILABLE, state: 'muted' as const };
  const scaled = (interval: Interval | null): Interval | null =>
    interval && [interval[0] / scale.divisor, interval[1] / scale.divisor];
  return tableView({
    caption: `${caseName}: ${label} in ${scale.unit}`,
    columns: [
      'Arm',
      `#Median, ${scale.unit}`,
      '#95 % interval',
      ...(hasCold ? ['#Cold pass'] : []),
      ...numbers.map((round) => `#Round ${round + 1}`),
    ],
    rows: rows.map((row) => [
      armIdentity(row.arm).label,
      { text: inScale(scale, row.value), ...(row.mark ? { detail: row.mark } : {}) },
      intervalText(scaled(row.ci95)) || {
        text: NOT_AVAILABLE,
        detail: 'fewer than 5 rounds',
        state: 'muted' as const,
      },
      ...(hasCold ? [row.cold === undefined ? muted : inScale(scale, row.cold)] : []),
      ...numbers.map((number) => {
        const measured = row.rounds.find(({ round }) => round === number);
        return measured === undefined ? muted : inScale(scale, measured.value);
      }),
    ]),
  });
}
