import type { Interval, RunRecord } from '../../scenarios/harness/record.js';
import { NOT_AVAILABLE } from '../numbers/digits.js';
import { utcMinute } from '../numbers/moment.js';
import { intervalText, ratioText, ratioWithInterval } from '../numbers/ratio.js';
import { geometricMean, quotientOf, type RatioEstimate } from '../numbers/ratio-interval.js';
import { inScale, scaleFor } from '../numbers/scale.js';
import { plural } from '../numbers/sentence.js';
import { entryOf } from '../record-file/entry-of.js';
import { armIdentity, isStored, mainArm } from './arm-identity.js';
import { metricName } from './metric-catalogue.js';
import { shortCommit } from './provenance-view.js';
import { type RatioRow, ratioView } from './ratio-view.js';
import { type CellInput, type TableView, tableView } from './table-view.js';
import { measuredCases } from './throughput-view.js';

/** What the interval of a quotient says of two runs, and of nothing else. */
export type QuotientFinding = 'differs' | 'no difference shown' | 'no interval';

/** How the same ratio came out in two runs. */
export interface QuotientRow {
  caseName: string;
  metric: string;
  metricLabel: string;
  against: string;
  old: RatioEstimate;
  recent: RatioEstimate;
  /** New ÷ old; above 1 is better, whatever the metric. */
  quotient: RatioEstimate;
  finding: QuotientFinding;
  /** One of the ratios that a reader looks for first. */
  leads: boolean;
}

export interface RunComparisonView {
  sentence: string;
  rows: QuotientRow[];
  table: TableView;
  /** The figures of the arm itself, which say as much of the two days as of the two builds. */
  absolute: TableView;
  cautions: string[];
}

/** Of intervals of 95 %, at least this share misses 1× where nothing changed. */
const FALSE_SHARE = 0.05;

/**
 * Two runs of one scenario, set beside each other. Absolute figures differ with the machine and the day, so what is compared is the
 * ratio to the other arm of the same run. Nor does that judge a build: the interval knows how rounds differ within each of the two
 * runs and not how runs differ, which is more. Builds are judged where they take turns in one run, by the gate.
 */
export function runComparison(old: RunRecord, recent: RunRecord): RunComparisonView {
  const ours = mainArm(recent);
  const [before, after] = [ratioView(old), ratioView(recent)];
  const isSame = (a: RatioRow, b: RatioRow) =>
    a.caseName === b.caseName && a.metric === b.metric && a.arm === b.arm && a.against === b.against;
  const rows = after.rows
    // A stored baseline is a third run.
    .filter((row) => row.arm === ours && !isStored(row.against) && row.ratio > 0)
    .flatMap((row): QuotientRow[] => {
      const earlier = before.rows.find((candidate) => isSame(candidate, row) && candidate.ratio > 0);
      if (earlier === undefined) return [];
      const quotient = quotientOf(row, earlier);
      const { caseName, metric, metricLabel, against } = row;
      return [
        {
          ...{ caseName, metric, metricLabel, against, quotient, old: earlier, recent: row },
          finding: findingOf(quotient.ci95),
          leads: after.leading.includes(row),
        },
      ];
    })
    .sort(differingFirst);
  return {
    sentence: sentenceOf(rows, old, recent),
    rows,
    table: quotientTable(rows),
    absolute: absoluteTable(old, recent, ours),
    cautions: cautionsOf(old, recent),
  };
}

function findingOf(ci95: Interval | null): QuotientFinding {
  if (ci95 === null) return 'no interval';
  return ci95[0] > 1 || ci95[1] < 1 ? 'differs' : 'no difference shown';
}

/** No word and no colour of a verdict: which way it differs, the quotient says. */
const FINDING_TEXT: Record<QuotientFinding, CellInput> = {
  differs: '≠ differs (these two runs)',
  'no difference shown': '= no difference shown',
  'no interval': { text: `${NOT_AVAILABLE}: no interval in one of the runs`, state: 'muted' },
};

function differs({ finding }: QuotientRow): boolean {
  return finding === 'differs';
}

/** What differs first, the ratios that lead before the others, then by size. */
function differingFirst(a: QuotientRow, b: QuotientRow): number {
  const size = ({ quotient }: QuotientRow) => Math.abs(Math.log(quotient.ratio));
  return Number(differs(b)) - Number(differs(a)) || Number(b.leads) - Number(a.leads) || size(b) - size(a);
}

/** Per metric and opponent over the cases that both runs have, of the ratios that lead. */
export function meansOf(
  rows: readonly QuotientRow[],
): { label: string; against: string; rows: number; mean: RatioEstimate }[] {
  const groups = new Map<string, QuotientRow[]>();
  for (const row of rows.filter(({ leads }) => leads)) {
    const key = JSON.stringify([row.metric, row.against]);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()]
    .filter((group) => group.length > 1)
    .map((group) => ({
      label: group[0]!.metricLabel,
      against: group[0]!.against,
      rows: group.length,
      mean: geometricMean(group.map(({ quotient }) => quotient)),
    }));
}

/** Said in full, because a reader sees intervals and takes them for a judgement. */
const SCOPE =
  'These intervals hold for these two runs only: they are made from the rounds within each run, and two runs of one build, on different days, ' +
  'differ by more. So nothing here says that a build became faster or slower; builds are judged by npm run gate, which lets both take turns.';

function sentenceOf(rows: QuotientRow[], old: RunRecord, recent: RunRecord): string {
  const which = `${utcMinute(recent.startedAt)} (${shortCommit(recent)}) against ${utcMinute(old.startedAt)} (${shortCommit(old)})`;
  if (rows.length === 0) return `${which}: the runs share no ratio, so nothing can be set beside each other.`;
  const judged = rows.filter(({ finding }) => finding !== 'no interval').length;
  const differing = rows.filter(differs);
  const [largest] = differing;
  const first = largest === undefined ? '' : ` First ${describe(largest)}.`;
  if (judged === 0)
    return `${which}: ${plural(rows.length, 'shared ratio')}, none with an interval in both runs, so that none is shown to differ; builds are judged by npm run gate.`;
  const byChance = judged * FALSE_SHARE;
  const chance = byChance < 1 ? 'fewer than one' : `about ${Math.round(byChance)}`;
  return (
    `${which}: of ${plural(judged, 'shared ratio')} with an interval in both runs, ${differing.length || 'none'} ${differing.length === 1 ? 'differs' : 'differ'} between these two runs; ` +
    `${chance} would by chance alone.${first} ${SCOPE}`
  );
}

function describe({ metricLabel, against, caseName, quotient }: QuotientRow): string {
  return `${metricLabel} against ${armIdentity(against).label} at ${caseName}, new ÷ old ${ratioWithInterval(quotient.ratio, quotient.ci95)}`;
}

function quotientTable(rows: QuotientRow[]): TableView {
  const interval = ({ ci95 }: RatioEstimate): CellInput =>
    ci95 === null ? { text: NOT_AVAILABLE, state: 'muted' } : intervalText(ci95);
  const muted: CellInput = { text: '', state: 'muted' };
  return tableView({
    caption:
      'Ratios of two runs and their quotients, with 95 % intervals that hold for these two runs only; what differs stands first',
    columns: [
      'Case',
      'Metric',
      'Against',
      '#Old',
      '#Old interval',
      '#New',
      '#New interval',
      '#New ÷ old',
      '#95 % interval',
      'Finding',
    ],
    rows: rows.map((row): CellInput[] => [
      row.caseName,
      row.metricLabel,
      armIdentity(row.against).label,
      ratioText(row.old.ratio),
      interval(row.old),
      ratioText(row.recent.ratio),
      interval(row.recent),
      ratioText(row.quotient.ratio),
      interval(row.quotient),
      FINDING_TEXT[row.finding],
    ]),
    footer: meansOf(rows).map(({ label, against, rows: count, mean }): CellInput[] => [
      `Geometric mean of ${count} rows`,
      label,
      armIdentity(against).label,
      ...[muted, muted, muted, muted],
      ratioText(mean.ratio),
      interval(mean),
      FINDING_TEXT[findingOf(mean.ci95)],
    ]),
  });
}

function absoluteTable(old: RunRecord, recent: RunRecord, ours: string): TableView {
  return tableView({
    caption: `Absolute figures of ${armIdentity(ours).label} in both runs, with 95 % intervals; they differ with the machine and the day`,
    columns: ['Case', 'Metric', '#Unit', '#Old', '#Old interval', '#New', '#New interval', '#New ÷ old'],
    rows: measuredCases(recent).flatMap(([caseName, { arms }]) =>
      Object.entries(entryOf(arms, ours)?.metrics ?? {}).flatMap(([metric, figure]): CellInput[][] => {
        const earlier = entryOf(entryOf(entryOf(old.cases, caseName)?.arms, ours)?.metrics, metric);
        if (earlier === undefined) return [];
        const { label, quantity } = metricName(metric);
        const scale = scaleFor(quantity, [earlier.value, figure.value], figure.unit);
        const interval = (ci95: Interval | null): CellInput =>
          ci95 === null
            ? { text: NOT_AVAILABLE, state: 'muted' }
            : `[${inScale(scale, ci95[0])}, ${inScale(scale, ci95[1])}]`;
        const change: CellInput =
          earlier.value === 0
            ? { text: NOT_AVAILABLE, state: 'muted' }
            : ratioText(figure.value / earlier.value);
        return [
          [
            ...[caseName, label, scale.unit, inScale(scale, earlier.value), interval(earlier.ci95)],
            ...[inScale(scale, figure.value), interval(figure.ci95), change],
          ],
        ];
      }),
    ),
  });
}

/** What else differs between the runs than the build that is asked about. */
function cautionsOf(old: RunRecord, recent: RunRecord): string[] {
  const cautions: string[] = [];
  if (old.machine.fingerprint !== recent.machine.fingerprint) {
    cautions.push('The runs are of different machines: even ratios may differ for that.');
  }
  if (old.machine.node !== recent.machine.node) {
    cautions.push(`Node.js differs: ${old.machine.node} and ${recent.machine.node}.`);
  }
  if (old.scenarioHash !== recent.scenarioHash) {
    cautions.push('The scenario was changed between the runs; only what both have is compared.');
  }
  if (old.build.baselineHash !== recent.build.baselineHash) {
    cautions.push('The baseline was changed between the runs, so its ratios were taken with two yardsticks.');
  }
  for (const [word, record] of [
    ['old', old],
    ['new', recent],
  ] as const) {
    if (record.interrupted) cautions.push(`The ${word} run was interrupted.`);
    if (record.options.quick === true) cautions.push(`The ${word} run was a quick one.`);
  }
  return cautions;
}
