import type { RunRecord } from '../../scenarios/harness/record.js';
import { NOT_AVAILABLE } from '../numbers/digits.js';
import { greatest, least, median, quantile } from '../numbers/order-statistics.js';
import { ratioText } from '../numbers/ratio.js';
import { inScale, type Quantity, type Scale, scaleFor, withUnit } from '../numbers/scale.js';
import { listInWords } from '../numbers/sentence.js';
import { PUBLISHED_POINTS_MAX } from '../record-file/thin-record.js';
import { armIdentity, mainArm } from './arm-identity.js';
import { isLatency, metricName } from './metric-catalogue.js';
import { isPacedThroughput } from './ratio-view.js';
import { type CellInput, type TableView, tableView } from './table-view.js';
import { armsOf, measuredCases, throughputMetric } from './throughput-view.js';

/** p5, p25, median, p75, p95. */
export type Quantiles = [number, number, number, number, number];

export interface DistributionRow {
  arm: string;
  rounds: number[];
  /** Over the windows; null where there are too few for a twentieth. */
  quantiles: Quantiles | null;
  windows: number;
}

export interface DistributionCase {
  caseName: string;
  metric: string;
  label: string;
  scale: Scale;
  higherIsBetter: boolean;
  rows: DistributionRow[];
  sentence: string;
  table: TableView;
}

export interface DistributionView {
  sentence: string;
  cases: DistributionCase[];
}

interface Wording {
  quantity: Quantity;
  label: string;
  higherIsBetter: boolean;
  /** What the strips are made of. */
  windows: string;
}

const PROBABILITIES = [0.05, 0.25, 0.5, 0.75, 0.95] as const;
/** Below this one window in twenty is no window. */
const WINDOWS_MIN = 20;

/** How the windows and rounds of every arm are spread: throughput, or p99 where a schedule sets the rate. */
export function distributionView(record: RunRecord): DistributionView {
  const ours = mainArm(record);
  const thinned = isThinned(record);
  const cases = measuredCases(record).flatMap(([caseName, caseRecord]): DistributionCase[] => {
    const throughput = throughputMetric(caseRecord);
    const paced = throughput !== null && isPacedThroughput(record, caseName, throughput);
    const metric = throughput === null || paced ? 'latency_ns_p99' : throughput;
    const rows = armsOf(caseRecord).flatMap(([arm, { rounds, series }]): DistributionRow[] => {
      const values = (series[metric]?.values ?? []).filter(isMeasured);
      const ofRounds = rounds.map(({ metrics }) => metrics[metric]).filter(isMeasured);
      if (ofRounds.length < 2 && values.length < WINDOWS_MIN) return [];
      const quantiles =
        values.length < WINDOWS_MIN ? null : (PROBABILITIES.map((p) => quantile(values, p)!) as Quantiles);
      return [{ arm, rounds: ofRounds, quantiles, windows: values.length }];
    });
    if (rows.length === 0) return [];
    const { label, quantity } = metricName(metric);
    const scale = scaleFor(
      quantity,
      rows.map(({ quantiles, rounds }) => quantiles?.[2] ?? median(rounds)!),
    );
    const higherIsBetter = !isLatency(metric);
    return [
      {
        ...{ caseName, metric, label, scale, higherIsBetter, rows },
        sentence: caseSentence(rows, ours, {
          ...{ quantity, label, higherIsBetter },
          windows: thinned ? 'stretches of windows' : 'windows',
        }),
        table: distributionTable(caseName, label, scale, rows, thinned),
      },
    ];
  });
  return { sentence: overallSentence(cases, ours, thinned), cases };
}

function isMeasured(value: number | null | undefined): value is number {
  return value !== null && value !== undefined && Number.isFinite(value) && value > 0;
}

/** A published record has no windows, but its series are medians only where they were too long. */
function isThinned({ cases, windows }: RunRecord): boolean {
  const series = Object.values(cases)
    .flatMap(({ arms }) => Object.values(arms))
    .flatMap((arm) => Object.values(arm.series));
  return windows.length === 0 && series.some(({ values }) => values.length >= PUBLISHED_POINTS_MAX);
}

function caseSentence(
  rows: DistributionRow[],
  ours: string,
  { quantity, label: metric, higherIsBetter, windows }: Wording,
): string {
  const mine = rows.find(({ arm }) => arm === ours);
  const label = armIdentity(ours).label;
  if (mine === undefined) return `${label} has no figures here.`;
  if (mine.quantiles === null)
    return `${label} has too few ${windows} here to tell how they are spread; its rounds are drawn.`;
  const others = rows.filter(({ arm, quantiles }) => arm !== ours && arm !== 'limit' && quantiles !== null);
  const theirs = others.find(({ arm }) => arm === 'baseline') ?? others[0];
  const halves = [mine, ...(theirs === undefined ? [] : [theirs])].map(({ arm, quantiles }) => {
    const [, low, , high] = quantiles!;
    return `from ${withUnit(quantity, low)} to ${withUnit(quantity, high)} for ${armIdentity(arm).label}`;
  });
  const overlap =
    theirs === undefined
      ? ''
      : `; ${overlapInWords(mine.quantiles, theirs.quantiles!, { higherIsBetter, windows }, [label, armIdentity(theirs.arm).label])}`;
  return `In the middle half of the ${windows} ${metric} is ${listInWords(halves)}${overlap}.`;
}

function overlapInWords(
  mine: Quantiles,
  theirs: Quantiles,
  { higherIsBetter, windows }: Pick<Wording, 'higherIsBetter' | 'windows'>,
  [ours, other]: [string, string],
): string {
  const apart = (a: Quantiles, b: Quantiles) => (higherIsBetter ? a[0] > b[4] : a[4] < b[0]);
  const better = (one: string, than: string) =>
    `19 of 20 ${windows} of ${one} are better than 19 of 20 of ${than}`;
  if (apart(mine, theirs)) return better(ours, other);
  if (apart(theirs, mine)) return better(other, ours);
  return `the ${windows} of ${ours} and ${other} overlap`;
}

function overallSentence(cases: DistributionCase[], ours: string, thinned: boolean): string {
  if (cases.length === 0) return 'Too few rounds and windows were recorded to tell how they are spread.';
  const spreads = cases.flatMap(({ caseName, rows }) => {
    const quantiles = rows.find(({ arm }) => arm === ours)?.quantiles;
    return quantiles ? [{ caseName, factor: quantiles[4] / quantiles[0] }] : [];
  });
  const what = thinned
    ? 'Strips are made of medians of adjacent windows, as the record keeps them'
    : 'Strips are made of single windows';
  const legend = `${what}: thin from p5 to p95, thick over the middle half, a line at the median; dots are rounds.`;
  if (spreads.length === 0) return legend;
  const widest = spreads.reduce((a, b) => (b.factor > a.factor ? b : a));
  const scope = cases.length > 1 ? ` at most (${widest.caseName})` : '';
  return `From one end of its strip to the other, ${armIdentity(ours).label} differs by ${ratioText(widest.factor)}${scope}. ${legend}`;
}

function distributionTable(
  caseName: string,
  label: string,
  scale: Scale,
  rows: DistributionRow[],
  thinned: boolean,
): TableView {
  const missing: CellInput = { text: NOT_AVAILABLE, detail: 'too few windows', state: 'muted' };
  return tableView({
    caption: `${caseName}: ${label} over windows and rounds in ${scale.unit}`,
    columns: [
      'Arm',
      '#p5',
      '#p25',
      '#Median',
      '#p75',
      '#p95',
      thinned ? '#Stretches of windows' : '#Windows',
      '#Least round',
      '#Greatest round',
      '#Rounds',
    ],
    rows: rows.map(({ arm, quantiles, windows, rounds }): CellInput[] => [
      armIdentity(arm).label,
      ...PROBABILITIES.map((_, index) => (quantiles === null ? missing : inScale(scale, quantiles[index]!))),
      String(windows),
      inScale(scale, least(rounds)),
      inScale(scale, greatest(rounds)),
      String(rounds.length),
    ]),
  });
}
