import type {
  CaseRecord,
  CheckRecord,
  ComparisonRecord,
  Interval,
  MetricRecord,
  RunRecord,
} from '../../scenarios/harness/record.js';
import { exactInteger, NOT_AVAILABLE } from '../numbers/digits.js';
import { ratioWithInterval } from '../numbers/ratio.js';
import { type Scale, scaleFor } from '../numbers/scale.js';
import { entryOf } from '../record-file/entry-of.js';
import { armIdentity, compareArms, mainArm } from '../view-model/arm-identity.js';
import { metricName } from '../view-model/metric-catalogue.js';
import { isPacedThroughput } from '../view-model/ratio-view.js';
import type { CellView } from '../view-model/table-view.js';
import { throughputMetric } from '../view-model/throughput-view.js';
import { caseInWords } from './case-in-words.js';
import { type Expectation, expectationOf, targetText } from './expectation.js';
import { figureText } from './figure-text.js';
import { hasErrors, type Standing, standingOf } from './standing-word.js';

/** One figure with its target and what stands beside it. */
export interface StandingRow {
  caseName: string;
  work: string;
  metric: string;
  /** Unit of the figures in this row. */
  metricDetail: string;
  ours: CellView;
  /** By arm; an arm that is not in here has no cell of its own. */
  others: Record<string, CellView>;
  /** The arm that the ratio is against. */
  against: string | null;
  ratio: CellView;
  target: string;
  standing: Standing;
  /** The figure in a few words, for a table that has one line for the whole record. */
  headline: string;
}

/** A row for each number that the record's scenario asks for, and one for each case that asks for no arm's figure. */
export function standingRows(record: RunRecord): StandingRow[] {
  return Object.entries(record.cases).flatMap(([caseName, body]) => {
    const checks = record.checks.filter((each) => each.case === caseName && each.kind === 'service-level');
    const rows = checks.map((check) => checkRow(record, caseName, body, check));
    const asksForFigure = checks.some((check) => expectationOf(check) !== null);
    return asksForFigure ? rows : [plainRow(record, caseName, body), ...rows];
  });
}

/** The arms that the record compares ours with, in the order of the columns: `limit` at the end. */
export function rivalArms(record: RunRecord): string[] {
  const arms = Object.values(record.cases).flatMap((body) => [
    ...Object.keys(body.arms),
    ...Object.keys(body.absentArms ?? {}),
  ]);
  const rank = (arm: string) => ['baseline', 'limit'].indexOf(arm);
  const order = (arm: string) => (rank(arm) === 0 ? 0 : rank(arm) === 1 ? 2 : 1);
  return [...new Set(arms)]
    .filter((arm) => !arm.startsWith('native'))
    .sort((a, b) => order(a) - order(b) || compareArms(a, b));
}

function checkRow(record: RunRecord, caseName: string, body: CaseRecord, check: CheckRecord): StandingRow {
  const expectation = expectationOf(check);
  const work = caseInWords(caseName, body.parameters);
  if (expectation === null) return sentenceRow(caseName, work, body, check);
  const { metric, arm } = expectation;
  const figures = rowFigures(record, body, metric, arm);
  const comparison = comparisonOf(record, caseName, expectation);
  const ratio = ratioOf(body, expectation, comparison);
  const target = targetText(check, expectation, figures.unit);
  return {
    caseName,
    work,
    ...figures.cells,
    against: comparison?.against ?? expectation.against,
    ratio: ratio.cell,
    target,
    standing: standingOf(check, expectation, judgedInterval(body, expectation, ratio.interval), body),
    headline: headlineOf(figures, expectation.against === null ? null : ratio.cell, expectation.against),
  };
}

/** A check about something else than a metric: its own sentence, and the value it gave. */
function sentenceRow(caseName: string, work: string, body: CaseRecord, check: CheckRecord): StandingRow {
  const isMessages = check.id === 'messages-per-session';
  const text = check.value === null ? NOT_AVAILABLE : exactInteger(check.value);
  return {
    caseName,
    work,
    metric: isMessages ? 'messages per session' : check.id.replaceAll('-', ' '),
    metricDetail: isMessages ? 'the least of all arms' : '',
    ours: check.value === null ? missing(check.reason ?? 'not measured') : { text },
    others: {},
    against: null,
    ratio: missing('nothing to compare'),
    target: isMessages ? `≥ ${exactInteger(check.limit)}` : check.expression,
    standing: standingOf(check, null, null, body),
    headline: `${isMessages ? 'messages per session' : check.id} ${text}`,
  };
}

/** What a case is about: on a schedule every arm that keeps up has the same throughput, so there it is the latency. */
function plainMetric(record: RunRecord, caseName: string, body: CaseRecord): string {
  const throughput = throughputMetric(body) ?? 'throughput_ops_per_s';
  const hasLatency = Object.values(body.arms).some((arm) => arm.metrics.latency_ns_p99 !== undefined);
  return hasLatency && isPacedThroughput(record, caseName, throughput) ? 'latency_ns_p99' : throughput;
}

/** A case that asks for no figure still says what it measured. */
function plainRow(record: RunRecord, caseName: string, body: CaseRecord): StandingRow {
  const metric = plainMetric(record, caseName, body);
  const arm = mainArm(record);
  const figures = rowFigures(record, body, metric, arm);
  const form = { form: 'value-min', metric, arm, against: null, limit: 0 } as const;
  const comparison = comparisonOf(record, caseName, form);
  return {
    caseName,
    work: caseInWords(caseName, body.parameters),
    ...figures.cells,
    against: comparison?.against ?? null,
    ratio: ratioOf(body, form, comparison).cell,
    target: 'none',
    standing: plainStanding(body),
    headline: headlineOf(figures, null, null),
  };
}

function plainStanding(body: CaseRecord): Standing {
  if (body.status === 'measured') return { kind: 'no-target', reason: null };
  const kind = hasErrors(body) ? 'not-judged' : 'not-measurable';
  return { kind, reason: body.reason ?? 'no reason recorded' };
}

interface RowFigures {
  unit: string;
  /** The arm in the column of ours, where it is not the page's own; else empty. */
  variant: string;
  cells: Pick<StandingRow, 'metric' | 'metricDetail' | 'ours' | 'others'>;
}

function figureOf({ arms }: CaseRecord, arm: string, metric: string): MetricRecord | undefined {
  return entryOf(entryOf(arms, arm)?.metrics, metric);
}

/** Every arm's figure of one metric, in the unit in which they read best together. */
function rowFigures(record: RunRecord, body: CaseRecord, metric: string, arm: string): RowFigures {
  const { label, quantity } = metricName(metric);
  const rivals = rivalArms(record);
  const values = [arm, ...rivals].flatMap((name) => figureOf(body, name, metric)?.value ?? []);
  const unit =
    Object.values(body.arms).flatMap(({ metrics }) => entryOf(metrics, metric)?.unit ?? [])[0] ?? '';
  const scale = scaleFor(quantity, values, quantity === 'count' && unit !== '×' ? unit : '');
  const cell = (name: string): CellView => {
    const figure = figureOf(body, name, metric);
    if (figure === undefined) return whyMissing(body, name, metric);
    const text = (value: number) => figureText(scale, quantity, value);
    const { ci95 } = figure;
    return {
      text: text(figure.value),
      ...(ci95 === null ? {} : { detail: `[${text(ci95[0])}, ${text(ci95[1])}]` }),
    };
  };
  // A variant of ours stands in the column of ours, and says so.
  const variant = arm === mainArm(record) ? '' : armIdentity(arm).label;
  const mine = cell(arm);
  const detail = [variant, mine.detail ?? ''].filter((part) => part !== '').join(' ');
  return {
    unit,
    variant,
    cells: {
      metric: label,
      metricDetail: values.length === 0 ? '' : unitOf(scale),
      ours: detail === '' ? mine : { ...mine, detail },
      others: Object.fromEntries(
        [...new Set([...rivals, ...Object.keys(body.arms)])].map((name) => [name, cell(name)]),
      ),
    },
  };
}

function unitOf({ unit }: Scale): string {
  return unit.replace('op/s', 'ops/s');
}

function whyMissing(body: CaseRecord, arm: string, metric: string): CellView {
  // Why a whole case is missing is said once, at the end of the row.
  if (body.status !== 'measured') return { text: NOT_AVAILABLE, state: 'muted' };
  const absent = entryOf(body.absentArms, arm);
  if (absent !== undefined) return missing(absent);
  if (!Object.hasOwn(body.arms, arm)) return missing('not an arm of this case');
  return missing(metric.includes('latency_') ? 'too few samples' : 'not measured for it');
}

export function missing(reason: string): CellView {
  return { text: NOT_AVAILABLE, detail: reason, state: 'muted' };
}

/** The comparison that the target is about; where it is about a figure alone, the first there is for its metric. */
function comparisonOf(
  record: RunRecord,
  caseName: string,
  { metric, arm, against }: Expectation,
): ComparisonRecord | undefined {
  const rows = record.comparisons.filter(
    (row) => row.case === caseName && row.metric === metric && row.arm === arm,
  );
  if (against !== null) return rows.find((row) => row.against === against);
  return rivalArms(record)
    .map((rival) => rows.find((row) => row.against === rival))
    .find((row) => row !== undefined);
}

/** As the target speaks of it: a cost as a plain quotient, ours ÷ theirs, and everything else better above 1. */
function ratioOf(
  body: CaseRecord,
  { form }: Expectation,
  comparison: ComparisonRecord | undefined,
): { cell: CellView; interval: Interval | null } {
  if (comparison === undefined) {
    const isMeasured = body.status === 'measured';
    const cell: CellView = { text: NOT_AVAILABLE, state: 'muted' };
    return { cell: isMeasured ? missing('nothing to compare') : cell, interval: null };
  }
  const { ratio, ci95, against, mark } = comparison;
  const isCost = form === 'quotient-max';
  const interval: Interval | null = isCost && ci95 !== null ? [1 / ci95[1], 1 / ci95[0]] : ci95;
  const notes = [`${isCost ? 'the cost of ' : ''}${armIdentity(against).label}`, mark ?? ''];
  return {
    cell: {
      text: ratioWithInterval(isCost ? 1 / ratio : ratio, interval),
      detail: notes.filter((note) => note !== '').join(', '),
    },
    interval,
  };
}

/** The interval of what is judged. A target at an interval's own lower end has none around it. */
function judgedInterval(
  body: CaseRecord,
  { form, metric, arm }: Expectation,
  ratioInterval: Interval | null,
): Interval | null {
  if (form === 'interval-min') return null;
  if (form === 'ratio-min' || form === 'quotient-max') return ratioInterval;
  return figureOf(body, arm, metric)?.ci95 ?? null;
}

function headlineOf({ cells, variant }: RowFigures, ratio: CellView | null, against: string | null): string {
  const { metric, metricDetail, ours } = cells;
  const whose = variant === '' ? '' : `of ${variant}`;
  const figure = ours.text === NOT_AVAILABLE ? NOT_AVAILABLE : `${ours.text} ${metricDetail} ${whose}`;
  const words = `${metric} ${figure}`.replace(/ +/g, ' ').trim();
  return ratio === null || against === null ? words : `${words}: ${ratio.text} ${ratio.detail ?? ''}`.trim();
}
