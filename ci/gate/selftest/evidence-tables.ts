import { significant } from '../../../scenarios/harness/format-number.js';
import type { Evidence, EvidenceSeries, GateTally, MeasuredSlowdown, PowerSeries } from './evidence.js';
import { sharesWords } from './findings.js';
import { seriesWords } from './selftest-kinds.js';

/** The tables of the evidence, as cells: the page and the terminal show the same. */
export interface EvidenceTable {
  title: string;
  /** Under the title; empty where the columns say it all. */
  note: string;
  columns: string[];
  rows: string[][];
}

export function evidenceTables(evidence: Evidence): EvidenceTable[] {
  return [
    invocationsTable(evidence),
    slowdownTable(evidence),
    wholeGatesTable(evidence),
    replayedTable(evidence),
    ...evidence.power.map(powerTable),
    wantedTable(evidence),
  ].filter(({ rows }) => rows.length > 0);
}

function invocationsTable({ series }: Evidence): EvidenceTable {
  return {
    title: 'Invocations',
    note: 'Blocks that were disturbed from outside are dropped for both arms; an invocation with less than half of its blocks left is not usable.',
    columns: [
      'series',
      'stretches',
      'measured',
      'usable',
      'failed',
      'blocks dropped',
      'causes',
      'messages',
      'lost',
    ],
    rows: series.map((each) => {
      const { invocations, drops, ledger } = each;
      const causes = Object.entries(drops.causes).map(([cause, count]) => `${cause} ${count}`);
      return [
        seriesWords(each),
        String(each.stretches),
        String(invocations.measured),
        String(invocations.usable),
        String(invocations.failed),
        drops.blocks === 0
          ? ''
          : `${drops.dropped} of ${drops.blocks} (${significant((100 * drops.dropped) / drops.blocks)} %)`,
        causes.join(', '),
        String(ledger.sent),
        String(ledger.lost + ledger.duplicated + ledger.corrupted + ledger.otherFaults),
      ];
    }),
  };
}

function slowdownTable({ series }: Evidence): EvidenceTable {
  const figures = (name: string, kind: string, measured: MeasuredSlowdown, amount: string): string[] => [
    name,
    kind,
    measured.slowdownPercent === null ? '' : `${measured.slowdownPercent.toFixed(2)} %`,
    measured.interval95 === null
      ? ''
      : `${measured.interval95.map((each) => each.toFixed(2)).join(' to ')} %`,
    measured.deviationPercent === null ? '' : `${measured.deviationPercent.toFixed(2)} %`,
    amount,
  ];
  return {
    title: 'Measured slowdown',
    note: 'Hodges–Lehmann over the usable invocations with its 95 % interval, positive is slower; deviation is that of one invocation about the mean of its stretch. Work is put in to slow what is marked with *.',
    columns: ['series', 'metric', 'slowdown', 'interval', 'deviation', 'amount'],
    rows: series.flatMap((each) =>
      each.metrics.flatMap((metric) => [
        figures(
          seriesWords(each),
          metric.targeted ? `${metric.name} *` : metric.name,
          metric,
          each.amounts.join(', '),
        ),
        ...(metric.control.invocations === 0
          ? []
          : [figures(`${seriesWords(each)}, control`, metric.name, metric.control, '')]),
      ]),
    ),
  };
}

function wholeGatesTable({ series }: Evidence): EvidenceTable {
  return {
    title: 'Whole gates',
    note: 'Disjoint gates of consecutive invocations as they were measured, each on fresh processes, with control and drops, decided by the metrics above alone: a gate also looks at bytes per session, allocations and copies. Unfinished are those that needed more than their stretch had left; gates that take long are among them more often. Bounds are those of Clopper and Pearson, 95 %.',
    columns: ['series', ...TALLY_COLUMNS, 'unfinished'],
    rows: series
      .filter((each) => each.wholeGates.gates + each.unfinishedGates > 0)
      .map((each) => [seriesWords(each), ...tallyCells(each.wholeGates), String(each.unfinishedGates)]),
  };
}

function replayedTable({ series }: Evidence): EvidenceTable {
  return {
    title: 'Replayed gates',
    note: 'Contiguous stretches of the same invocations, each measuring run centred on its own mean and shifted to a slowdown in one metric. They overlap, so their bounds are too narrow: whole gates are the evidence, these the map.',
    columns: ['series', 'metric', 'slowdown', ...TALLY_COLUMNS],
    rows: series.flatMap((each: EvidenceSeries) =>
      (each.replayedGates ?? []).map((tally) => [
        seriesWords(each),
        tally.metric,
        `${tally.slowdownPercent} %`,
        ...tallyCells(tally),
      ]),
    ),
  };
}

function powerTable({ metric, invocations, stretches, points }: PowerSeries): EvidenceTable {
  return {
    title: `Power, ${metric}`,
    note: `Replayed from ${invocations} invocations of equal builds in ${stretches} stretches, this metric shifted.`,
    columns: ['true slowdown', ...TALLY_COLUMNS.filter((column) => column !== 'pass, 95 %')],
    rows: points.map((point) => [
      `${point.slowdownPercent} %`,
      ...tallyCells({ ...point, passShare95: null }).filter((_, place) => place !== PASS_SHARE_PLACE),
    ]),
  };
}

function wantedTable({ wanted }: Evidence): EvidenceTable {
  return {
    title: 'Wanted and there',
    note: 'Usable invocations.',
    columns: ['series', 'wanted', 'there', 'missing'],
    rows: wanted.map((each) => [
      seriesWords(each),
      String(each.invocations),
      String(each.usable),
      String(each.missing),
    ]),
  };
}

const TALLY_COLUMNS = [
  'gates',
  'pass',
  'fail',
  'inconclusive',
  'fail, 95 %',
  'pass, 95 %',
  'invocations per gate',
];
const PASS_SHARE_PLACE = TALLY_COLUMNS.indexOf('pass, 95 %');

function tallyCells(tally: GateTally): string[] {
  return [
    String(tally.gates),
    String(tally.pass),
    String(tally.fail),
    String(tally.inconclusive),
    tally.failShare95 === null ? '' : sharesWords(tally.failShare95),
    tally.passShare95 === null ? '' : sharesWords(tally.passShare95),
    tally.invocationsMean === null ? '' : tally.invocationsMean.toFixed(1),
  ];
}
