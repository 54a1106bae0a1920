import type { ComparisonRecord, RunRecord } from '../../scenarios/harness/record.js';
import { NOT_AVAILABLE, percent } from '../numbers/digits.js';
import { median, quantile } from '../numbers/order-statistics.js';
import { intervalText, ratioText } from '../numbers/ratio.js';
import { plural } from '../numbers/sentence.js';
import { entryOf } from '../record-file/entry-of.js';
import { againstInWords, armIdentity, mainArm } from './arm-identity.js';
import { isThroughput, metricName } from './metric-catalogue.js';
import { isPacedThroughput, ratiosOf } from './ratio-view.js';
import { type CellInput, type TableView, tableView } from './table-view.js';
import { measuredCases, roundNumbers, throughputMetric } from './throughput-view.js';

/** The ratios of one pair of arms, round by round. */
export interface PairedLine {
  against: string;
  /** In the order in which they were measured. */
  ratios: number[];
  /** Of each ratio the number of its round in the record, from 0. */
  rounds: number[];
  median: number;
  ci95: ComparisonRecord['ci95'];
}

export interface PairedCase {
  caseName: string;
  arm: string;
  metricLabel: string;
  lines: PairedLine[];
  /** Every round that one of the lines has. */
  rounds: number[];
  sentence: string;
  table: TableView;
}

export interface PairedView {
  sentence: string;
  cases: PairedCase[];
}

/** A change between the halves of a run that is worth a word. */
const DRIFT_PERCENT_MIN = 2;

/** Both arms of a comparison share their round's weather, so that the quotient of each round is a result of its own. */
export function pairedView(record: RunRecord): PairedView {
  const arm = mainArm(record);
  const cases = measuredCases(record).flatMap(([caseName, caseRecord]): PairedCase[] => {
    const throughput = throughputMetric(caseRecord);
    const candidates = [throughput ?? '', 'latency_ns_p99', ...record.comparisons.map((row) => row.metric)];
    const metric = candidates.find(
      (name) =>
        linesOf(record, caseName, name).length > 0 &&
        !(isThroughput(name) && isPacedThroughput(record, caseName, name)),
    );
    if (metric === undefined) return [];
    const lines = linesOf(record, caseName, metric);
    const metricLabel = metricName(metric).label;
    const rounds = roundNumbers(lines.map((line) => line.rounds));
    return [
      {
        ...{ caseName, arm, metricLabel, lines, rounds },
        sentence: caseSentence(arm, metricLabel, lines),
        table: pairedTable({ caseName, arm, metricLabel, lines, rounds }),
      },
    ];
  });
  return { sentence: overallSentence(cases, arm), cases };
}

function linesOf(record: RunRecord, caseName: string, metric: string): PairedLine[] {
  return ratiosOf(record, caseName, metric).flatMap((comparison): PairedLine[] => {
    const { against, rounds: quotients = [], ratio, ci95 } = comparison;
    const numbers = pairedRounds(record, comparison);
    // A ratio of an unknown round has no place among the others.
    if (numbers.length !== quotients.length) return [];
    const kept = quotients
      .map((quotient, index) => ({ quotient, round: numbers[index]! }))
      .filter(({ quotient }) => Number.isFinite(quotient) && quotient > 0);
    if (kept.length < 2) return [];
    const ratios = kept.map(({ quotient }) => quotient);
    const rounds = kept.map(({ round }) => round);
    return [{ against, ratios, rounds, median: median(ratios) ?? ratio, ci95 }];
  });
}

/** The rounds in which both arms have a figure, which are those that a comparison has ratios of. */
function pairedRounds(
  { cases }: RunRecord,
  { case: caseName, metric, arm, against }: ComparisonRecord,
): number[] {
  const arms = entryOf(cases, caseName)?.arms;
  const roundsOf = (name: string) =>
    (entryOf(arms, name)?.rounds ?? []).flatMap(({ round, metrics }) =>
      (entryOf(metrics, metric) ?? 0) > 0 ? [round] : [],
    );
  const theirs = new Set(roundsOf(against));
  return roundsOf(arm).filter((round) => theirs.has(round));
}

/** By how much the second half of the rounds differs from the first, in per cent of the ratio. */
function driftPercent({ ratios }: PairedLine): number {
  const half = Math.floor(ratios.length / 2);
  return (median(ratios.slice(-half))! / median(ratios.slice(0, half))! - 1) * 100;
}

function ahead({ ratios }: PairedLine): number {
  return ratios.filter((ratio) => ratio > 1).length;
}

function caseSentence(arm: string, metricLabel: string, lines: PairedLine[]): string {
  const clauses = lines.map((line) => {
    const drift = driftPercent(line);
    const moved =
      Math.abs(drift) < DRIFT_PERCENT_MIN
        ? ''
        : `, the second half of them ${percent(Math.abs(drift))} ${drift > 0 ? 'better' : 'worse'} than the first`;
    return `${againstInWords(line.against)} in ${ahead(line)} of ${plural(line.ratios.length, 'round')}${moved}`;
  });
  return `In ${metricLabel}, ${armIdentity(arm).label} is ahead of ${clauses.join('; of ')}.`;
}

function overallSentence(cases: PairedCase[], arm: string): string {
  const lines = cases.flatMap(({ lines: all, caseName }) => all.map((line) => ({ ...line, caseName })));
  if (lines.length === 0) return 'No ratios of single rounds were recorded.';
  const drifting = lines.reduce((a, b) => (Math.abs(driftPercent(b)) > Math.abs(driftPercent(a)) ? b : a));
  const drift = driftPercent(drifting);
  const decided = lines.filter((line) => ahead(line) === line.ratios.length || ahead(line) === 0).length;
  return (
    `In ${decided} of ${plural(lines.length, 'comparison')} every round says the same about which arm is ahead; ` +
    `the largest change between the first and second half of a run is ${percent(Math.abs(drift))} ` +
    `(${armIdentity(arm).label} against ${armIdentity(drifting.against).label}, ${drifting.caseName}).`
  );
}

function pairedTable({
  caseName,
  arm,
  metricLabel,
  lines,
  rounds,
}: Omit<PairedCase, 'sentence' | 'table'>): TableView {
  const muted: CellInput = { text: NOT_AVAILABLE, state: 'muted' };
  return tableView({
    caption: `${caseName}: ${metricLabel}, ${armIdentity(arm).label} against each arm, ratio of each round`,
    columns: [
      'Against',
      '#Median',
      '#95 % interval',
      '#Middle half',
      '#Ahead in',
      ...rounds.map((round) => `#Round ${round + 1}`),
    ],
    rows: lines.map((line): CellInput[] => [
      armIdentity(line.against).label,
      ratioText(line.median),
      line.ci95 === null ? muted : intervalText(line.ci95),
      intervalText([quantile(line.ratios, 0.25)!, quantile(line.ratios, 0.75)!]),
      `${ahead(line)} of ${line.ratios.length}`,
      ...rounds.map((round): CellInput => {
        const ratio = line.ratios[line.rounds.indexOf(round)];
        return ratio === undefined ? muted : ratioText(ratio);
      }),
    ]),
  });
}
