import type { RunRecord } from '../../scenarios/harness/record.js';
import { exactInteger, NOT_AVAILABLE } from '../numbers/digits.js';
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
/** What was slow to be served need not have waited long to be sent: a difference of two percentiles is no request's waiting. */
const OF_DIFFERENT_REQUESTS = 'percentiles of different requests';

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
  const [service, response] = (['service', 'response'] as const).map((kind) =>
    curves.find((curve) => curve.arm === ours && curve.kind === kind)?.distribution?.at(99),
  );
  if (service && response) {
    const times = ratioText(response / service);
    parts.push(`the response p99 of ${label} is ${times} its service p99 (${OF_DIFFERENT_REQUESTS})`);
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
  const factor = (arm: string, p: number): number | null => {
    const [service, response] = [of(arm, 'service')!.at(p), of(arm, 'response')!.at(p)];
    return service && response !== null ? response / service : null;
  };
  const clauses = pair.flatMap((arm) => {
    const [median, p99] = [factor(arm, 50), factor(arm, 99)];
    if (median === null || p99 === null) return [];
    return [
      `${ratioText(median)} service time at the median and ${ratioText(p99)} at p99 for ${armIdentity(arm).label}`,
    ];
  });
  return {
    pair,
    pairSentence:
      clauses.length === 0
        ? 'Too few samples for service and response time side by side.'
        : `Response time, which counts from when a request was meant to be sent, is ${listInWords(clauses)}; they are ${OF_DIFFERENT_REQUESTS}, so that their difference is no request’s waiting.`,
    pairTable: tableView({
      caption: `${caseName}: response time ÷ service time at each percentile, ${OF_DIFFERENT_REQUESTS}`,
      columns: ['Arm', ...percentiles.map((p) => `#p${p}`)],
      rows: pair.map((arm): CellInput[] => [
        armIdentity(arm).label,
        ...percentiles.map((p): CellInput => {
          const times = factor(arm, p);
          if (times === null) return { text: NOT_AVAILABLE, detail: 'too few samples', state: 'muted' };
          return ratioText(times);
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
