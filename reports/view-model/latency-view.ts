import type { RunRecord } from '../../scenarios/harness/record.js';
import { exactInteger, NOT_AVAILABLE, percent } from '../numbers/digits.js';
import { ratioText } from '../numbers/ratio.js';
import { inScale, scaleFor, withUnit } from '../numbers/scale.js';
import { listInWords } from '../numbers/sentence.js';
import { armIdentity, mainArm } from './arm-identity.js';
import { decodeHistogram, type LatencyDistribution } from './histogram.js';
import { type CellInput, type TableView, tableView } from './table-view.js';
import { armsOf, measuredCases } from './throughput-view.js';

export type LatencyKind = 'service' | 'response';

export interface LatencyCurve {
  arm: string;
  kind: LatencyKind;
  distribution: LatencyDistribution | null;
  /** Why there is no curve. */
  reason: string | null;
}

export interface LatencyCase {
  caseName: string;
  curves: LatencyCurve[];
  /** Both kinds are present: the run was in open loop. */
  paired: boolean;
  /** Arms whose two kinds are set side by side: ours, and the one it is compared with first. */
  pair: string[];
  pairSentence: string;
  pairTable: TableView;
  sentence: string;
  table: TableView;
}

export interface LatencyView {
  sentence: string;
  cases: LatencyCase[];
}

const HISTOGRAMS: [string, LatencyKind][] = [
  ['service_time_ns', 'service'],
  ['response_time_ns', 'response'],
];
const PERCENTILES = [50, 90, 99, 99.9, 99.99];

export function latencyView(record: RunRecord): LatencyView {
  const ours = mainArm(record);
  const cases = measuredCases(record).flatMap(([caseName, caseRecord]): LatencyCase[] => {
    const curves = armsOf(caseRecord).flatMap(([arm, armRecord]) =>
      HISTOGRAMS.flatMap(([name, kind]): LatencyCurve[] => {
        const encoded = armRecord.histograms[name];
        if (encoded === undefined) return [];
        const decoded = decodeHistogram(encoded);
        return decoded.ok
          ? [{ arm, kind, distribution: decoded.distribution, reason: null }]
          : [{ arm, kind, distribution: null, reason: decoded.reason }];
      }),
    );
    if (curves.length === 0) return [];
    const paired = curves.some((curve) => curve.kind === 'response');
    return [
      {
        caseName,
        curves,
        paired,
        ...pairOf(caseName, curves, ours),
        sentence: caseSentence(curves, ours),
        table: latencyTable(caseName, curves),
      },
    ];
  });
  return { sentence: overallSentence(cases, ours), cases };
}

/** The curve that counts: from the intended send time where there is one. */
function judged(curves: LatencyCurve[], arm: string): LatencyDistribution | null {
  const mine = curves.filter((curve) => curve.arm === arm && curve.distribution);
  return (mine.find((curve) => curve.kind === 'response') ?? mine[0])?.distribution ?? null;
}

function caseSentence(curves: LatencyCurve[], ours: string): string {
  const mine = judged(curves, ours);
  const label = armIdentity(ours).label;
  const p50 = mine?.at(50) ?? null;
  const p99 = mine?.at(99) ?? null;
  if (p50 === null || p99 === null) return `${label} has too few samples here for a p99.`;
  const parts = [
    `${label} answers half of the requests within ${withUnit('time', p50)} and 99 % within ${withUnit('time', p99)}, ${ratioText(p99 / p50)} the median`,
  ];
  const baseline = judged(curves, 'baseline')?.at(99) ?? null;
  if (baseline !== null && ours !== 'baseline')
    parts.push(`the baseline needs ${withUnit('time', baseline)} for the same 99 %`);
  const service = curves
    .find((curve) => curve.arm === ours && curve.kind === 'service')
    ?.distribution?.at(99);
  const hasResponse = curves.some((curve) => curve.arm === ours && curve.kind === 'response');
  if (hasResponse && service !== undefined && service !== null && service < p99) {
    parts.push(`${percent((1 - service / p99) * 100)} of the p99 is spent waiting to be sent`);
  }
  return `${parts.join('; ')}.`;
}

/** The arms with both kinds of time: ours, and the baseline or else the first other one. */
function pairOf(
  caseName: string,
  curves: LatencyCurve[],
  ours: string,
): Pick<LatencyCase, 'pair' | 'pairSentence' | 'pairTable'> {
  const of = (arm: string, kind: LatencyKind) =>
    curves.find((curve) => curve.arm === arm && curve.kind === kind)?.distribution ?? null;
  const both = [...new Set(curves.map(({ arm }) => arm))].filter(
    (arm) => of(arm, 'service') !== null && of(arm, 'response') !== null,
  );
  const others = both.filter((arm) => arm !== ours && arm !== 'limit');
  const opponent = others.includes('baseline') ? 'baseline' : others[0];
  const pair = both.filter((arm) => arm === ours || arm === opponent);
  const percentiles = PERCENTILES.filter((p) => pair.some((arm) => of(arm, 'response')!.at(p) !== null));
  const waiting = (arm: string, p: number): number | null => {
    const [service, response] = [of(arm, 'service')!.at(p), of(arm, 'response')!.at(p)];
    return service === null || response === null ? null : Math.max(0, 1 - service / response) * 100;
  };
  const clauses = pair.flatMap((arm) => {
    const shares = [50, 99].map((p) => waiting(arm, p));
    if (shares.includes(null)) return [];
    return [
      `${percent(shares[0]!)} of the median and ${percent(shares[1]!)} of the p99 of ${armIdentity(arm).label}`,
    ];
  });
  return {
    pair,
    pairSentence:
      clauses.length === 0
        ? 'Too few samples for service and response time side by side.'
        : `Waiting to be sent, the gap between service and response time, makes up ${listInWords(clauses)}.`,
    pairTable: tableView({
      caption: `${caseName}: share of the response time that is waiting, not service`,
      columns: ['Arm', ...percentiles.map((p) => `#p${p}`)],
      rows: pair.map((arm): CellInput[] => [
        armIdentity(arm).label,
        ...percentiles.map((p): CellInput => {
          const share = waiting(arm, p);
          if (share === null) return { text: NOT_AVAILABLE, detail: 'too few samples', state: 'muted' };
          return percent(share);
        }),
      ]),
    }),
  };
}

function overallSentence(cases: LatencyCase[], ours: string): string {
  const tails = cases.flatMap(({ caseName, curves }) => {
    const mine = judged(curves, ours);
    const p50 = mine?.at(50);
    const p99 = mine?.at(99);
    return p50 && p99 ? [{ caseName, factor: p99 / p50 }] : [];
  });
  if (tails.length === 0) return 'No latency histogram with enough samples for a p99 was recorded.';
  const worst = tails.reduce((a, b) => (b.factor > a.factor ? b : a));
  const scope =
    tails.length > 1
      ? `at most ${ratioText(worst.factor)} the median (at ${worst.caseName})`
      : `${ratioText(worst.factor)} the median`;
  return `The p99 of ${armIdentity(ours).label} is ${scope}; lower and flatter is better.`;
}

function latencyTable(caseName: string, curves: LatencyCurve[]): TableView {
  const values = curves.flatMap((curve) => PERCENTILES.map((p) => curve.distribution?.at(p) ?? Number.NaN));
  const scale = scaleFor('time', values);
  const paired = curves.some((curve) => curve.kind === 'response');
  return tableView({
    caption: `${caseName}: latency percentiles in ${scale.unit}`,
    columns: [
      'Arm',
      ...(paired ? ['Time'] : []),
      ...PERCENTILES.map((p) => `#p${p}, ${scale.unit}`),
      `#Max, ${scale.unit}`,
      '#Samples',
    ],
    rows: curves.map((curve): CellInput[] => {
      const { distribution } = curve;
      const missing = (reason: string): CellInput => ({
        text: NOT_AVAILABLE,
        detail: reason,
        state: 'muted',
      });
      return [
        armIdentity(curve.arm).label,
        ...(paired ? [curve.kind] : []),
        ...PERCENTILES.map((p): CellInput => {
          const value = distribution?.at(p) ?? null;
          return value === null ? missing(curve.reason ?? 'too few samples') : inScale(scale, value);
        }),
        distribution ? inScale(scale, distribution.maxNs) : missing(curve.reason ?? 'no samples'),
        distribution ? exactInteger(distribution.samples) : '0',
      ];
    }),
  });
}
