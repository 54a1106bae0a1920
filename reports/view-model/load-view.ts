import type { CaseRecord, Interval, RunRecord } from '../../scenarios/harness/record.js';
import { NOT_AVAILABLE, percent } from '../numbers/digits.js';
import { ratioText } from '../numbers/ratio.js';
import { inScale, type Scale, scaleFor, withUnit } from '../numbers/scale.js';
import { entryOf } from '../record-file/entry-of.js';
import { armIdentity, compareArms, mainArm } from './arm-identity.js';
import { type CellInput, type TableView, tableView } from './table-view.js';
import { measuredCases } from './throughput-view.js';

/** One arm at one offered rate; latencies from the intended send times. */
export interface LoadPoint {
  ratePerSecond: number;
  achievedPerSecond: number | null;
  p50: number;
  p99: number;
  p99Interval: Interval | null;
}

export interface LoadLine {
  arm: string;
  points: LoadPoint[];
}

/** Cases that differ in the offered rate alone. */
export interface LoadFamily {
  name: string;
  lines: LoadLine[];
  sentence: string;
  table: TableView;
}

export interface LoadView {
  sentence: string;
  families: LoadFamily[];
}

/** An arm that answers less than this share of what is offered does not bear the rate. */
const BORNE_SHARE_MIN = 0.99;
const RATES_MIN = 2;

/** Latency against offered rate, where a scenario has the same work at several rates: flat, then up where the arm is full. */
export function loadView(record: RunRecord): LoadView {
  const ours = mainArm(record);
  const groups = new Map<string, [string, CaseRecord][]>();
  for (const [caseName, caseRecord] of measuredCases(record)) {
    if (caseRecord.parameters.load !== 'open') continue;
    const family = familyKey(caseRecord);
    groups.set(family, [...(groups.get(family) ?? []), [caseName, caseRecord]]);
  }
  const families = [...groups.values()].flatMap((members): LoadFamily[] => {
    const lines = linesOf(members);
    if (lines.length === 0) return [];
    // The shortest name is that of the case the others vary.
    const name = members.map(([caseName]) => caseName).sort((a, b) => a.length - b.length)[0]!;
    return [{ name, lines, sentence: familySentence(lines, ours), table: loadTable(name, lines) }];
  });
  return { sentence: families.map(({ sentence }) => sentence).join(' '), families };
}

function familyKey({ parameters }: CaseRecord): string {
  const { rate: _rate, percentOfMax: _percentOfMax, ...rest } = parameters;
  return JSON.stringify(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function linesOf(members: [string, CaseRecord][]): LoadLine[] {
  const arms = [...new Set(members.flatMap(([, { arms: all }]) => Object.keys(all)))].sort(compareArms);
  const lines = arms.map((arm): LoadLine => {
    const points = members.flatMap(([, { arms: all, parameters }]): LoadPoint[] => {
      const metrics = entryOf(all, arm)?.metrics;
      const [p50, p99] = [metrics?.latency_ns_p50, metrics?.latency_ns_p99];
      const achieved = metrics?.throughput_ops_per_s?.value ?? null;
      // A rate that was set as a share of the most an arm does is what it was measured to be.
      const rate = Number(parameters.rate) || achieved;
      if (!p50 || !p99 || !rate) return [];
      const figures = { p50: p50.value, p99: p99.value, p99Interval: p99.ci95 };
      return [{ ratePerSecond: rate, achievedPerSecond: achieved, ...figures }];
    });
    return { arm, points: points.sort((a, b) => a.ratePerSecond - b.ratePerSecond) };
  });
  const several = ({ points }: LoadLine) =>
    new Set(points.map(({ ratePerSecond }) => ratePerSecond)).size >= RATES_MIN;
  return lines.some(several) ? lines.filter(({ points }) => points.length > 0) : [];
}

/** Whether the arm answered what was asked of it. */
export function isBorne({ achievedPerSecond, ratePerSecond }: LoadPoint): boolean {
  return achievedPerSecond === null || achievedPerSecond >= ratePerSecond * BORNE_SHARE_MIN;
}

function familySentence(lines: LoadLine[], ours: string): string {
  const line =
    lines.find(({ arm, points }) => arm === ours && points.length > 1) ??
    lines.find(({ points }) => points.length > 1)!;
  const [least, most] = [line.points[0]!, line.points.at(-1)!];
  const borne = line.points.filter(isBorne);
  const rate = ({ ratePerSecond }: LoadPoint) =>
    withUnit('rate', ratePerSecond).replace('op/s', 'operations/s');
  const label = armIdentity(line.arm).label;
  const kept =
    borne.length === line.points.length
      ? 'keeps up with every rate that was offered'
      : borne.length === 0
        ? 'keeps up with none of the rates that were offered'
        : `keeps up with at most ${rate(borne.at(-1)!)}`;
  return `From ${rate(least)} to ${rate(most)} offered, the p99 of ${label} goes from ${withUnit('time', least.p99)} to ${withUnit('time', most.p99)} (${ratioText(most.p99 / least.p99)}); it ${kept}.`;
}

function loadTable(name: string, lines: LoadLine[]): TableView {
  const points = lines.flatMap((line) => line.points);
  const rates = scaleFor(
    'rate',
    points.map(({ ratePerSecond }) => ratePerSecond),
  );
  const times = scaleFor(
    'time',
    points.flatMap(({ p50, p99 }) => [p50, p99]),
  );
  return tableView({
    caption: `${name}: latency in ${times.unit} at each offered rate, from the intended send times`,
    columns: [
      'Arm',
      `#Offered, ${rates.unit}`,
      '#Answered',
      `#p50, ${times.unit}`,
      `#p99, ${times.unit}`,
      '#95 % interval of p99',
    ],
    rows: lines.flatMap(({ arm, points: own }) => own.map((point) => loadRow(arm, point, rates, times))),
  });
}

function loadRow(arm: string, point: LoadPoint, rates: Scale, times: Scale): CellInput[] {
  const { ratePerSecond, achievedPerSecond, p50, p99, p99Interval } = point;
  const share =
    achievedPerSecond === null ? NOT_AVAILABLE : percent((100 * achievedPerSecond) / ratePerSecond);
  return [
    armIdentity(arm).label,
    inScale(rates, ratePerSecond),
    isBorne(point) ? share : { text: share, detail: 'does not keep up', state: 'missed' },
    inScale(times, p50),
    inScale(times, p99),
    p99Interval === null
      ? { text: NOT_AVAILABLE, detail: 'fewer than 5 rounds', state: 'muted' }
      : `[${inScale(times, p99Interval[0])}, ${inScale(times, p99Interval[1])}]`,
  ];
}
