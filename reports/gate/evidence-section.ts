import { NOT_AVAILABLE, percent, THIN_SPACE, threeDigits } from '../numbers/digits.js';
import { plural } from '../numbers/sentence.js';
import { type AddChart, piecesOf, type Section } from '../view-model/section-view.js';
import { type CellInput, type TableView, tableView } from '../view-model/table-view.js';
import type { Evidence, EvidenceSeries, EvidenceTally } from './evidence-file.js';
import { buildInWords, metricInWords, slowdownIntervalText, slowdownText } from './gate-words.js';
import { boundsText, powerChart, powerView } from './power-view.js';

/** What the self-test has shown of the gate itself: gates on known builds, whole and replayed apart. */
export function evidenceSection(evidence: Evidence, chart: AddChart): Section | null {
  // Before anything was measured there is only what is wanted, which proves nothing.
  if (evidence.series.length === 0) return null;
  const figures = evidence.power.flatMap(({ metric, invocations, stretches, points }, index) => {
    const known = evidence.metrics.find(({ name }) => name === metric);
    const name = known === undefined ? metric : metricInWords(known);
    const basis = `replayed from ${invocations} invocations of identical builds in ${stretches} ${stretches === 1 ? 'stretch' : 'stretches'}`;
    const view = powerView(name, known?.limitPercent ?? 5, points, basis);
    return [
      {
        heading: piecesOf(name),
        sentence: view.sentence,
        charts: chart(
          `evidence-${index}`,
          powerChart(view),
          `Share of replayed gates that fail, by true slowdown. ${view.sentence}`,
        ),
        table: view.table,
      },
    ];
  });
  return {
    title: 'Self-test evidence',
    sentence: sentenceOf(evidence),
    layout: 'pairs',
    figures,
    tables: [
      gateTable(
        'Whole gates on fresh processes, as they were measured; unfinished are those that needed more than their stretch had left',
        evidence.series.map(wholeRow),
        ['#Unfinished'],
      ),
      gateTable(
        'Gates replayed from the same noise, centred and shifted; stretches overlap, so their bounds are those of independent gates',
        evidence.series.flatMap(replayedRows),
      ),
      injectedTable(evidence),
      wantedTable(evidence),
      buildsTable(evidence),
    ],
    notes: evidence.findings.map(
      ({ holds, sentence }) => `${HOLDS[String(holds) as keyof typeof HOLDS]}: ${sentence}`,
    ),
  };
}

const HOLDS = { true: '✓ holds', false: '✕ does not hold', null: '… not enough to say' } as const;

function sentenceOf({ series, findings }: Evidence): string {
  const gates = series.reduce((sum, { wholeGates }) => sum + wholeGates.gates, 0);
  const invocations = series.reduce((sum, each) => sum + each.invocations.usable, 0);
  const broken = findings.filter(({ holds }) => holds === false).length;
  const open = findings.filter(({ holds }) => holds === null).length;
  const agreement =
    findings.length === 0
      ? 'too little of it to say anything of the promise'
      : broken > 0
        ? `the promise does not hold in ${broken} of ${plural(findings.length, 'finding')}`
        : open > 0
          ? `nothing contradicts the promise, and ${plural(open, 'finding')} of ${findings.length} ${open === 1 ? 'has' : 'have'} not enough to say`
          : 'they agree with the promise';
  return `This gate was tried on known builds: ${plural(gates, 'whole gate')} from ${plural(invocations, 'usable invocation')}; ${agreement}.`;
}

/** `spin 5 %`, `aa` */
function kindText({ kind, percent: wanted }: { kind: string; percent: number | null }): string {
  return wanted === null ? kind : `${kind} ${wanted}${THIN_SPACE}%`;
}

const muted = (text: string): CellInput => ({ text, state: 'muted' });

function tallyCells({
  gates,
  pass,
  fail,
  inconclusive,
  failShare95,
  passShare95,
  invocationsMean,
}: EvidenceTally): CellInput[] {
  return [
    String(gates),
    String(pass),
    passShare95 === null ? muted(NOT_AVAILABLE) : boundsText(passShare95),
    String(fail),
    failShare95 === null ? muted(NOT_AVAILABLE) : boundsText(failShare95),
    String(inconclusive),
    invocationsMean === null ? muted(NOT_AVAILABLE) : threeDigits(invocationsMean),
  ];
}

function wholeRow(series: EvidenceSeries): CellInput[] {
  return [kindText(series), muted(''), ...tallyCells(series.wholeGates), String(series.unfinishedGates)];
}

function replayedRows(series: EvidenceSeries): CellInput[][] {
  return (series.replayedGates ?? []).map((tally) => [
    kindText(series),
    `${tally.metric} ${slowdownText(tally.slowdownPercent)}`,
    ...tallyCells(tally),
  ]);
}

function gateTable(caption: string, rows: CellInput[][], more: string[] = []): TableView {
  return tableView({
    caption: `${caption}; bounds of Clopper and Pearson, 95 %, in per cent`,
    columns: [
      'Builds',
      'Shifted',
      '#Gates',
      '#Pass',
      '#of all',
      '#Fail',
      '#of all',
      '#Inconclusive',
      '#Invocations, mean',
      ...more,
    ],
    rows,
  });
}

function injectedTable({ series }: Evidence): TableView {
  return tableView({
    caption: 'What was measured of each metric; injected work is real code, and aims at the metrics named',
    columns: [
      'Builds',
      'Metric',
      'Aimed at',
      '#Slowdown',
      '#95 % interval, %',
      '#Deviation, %',
      '#Control',
      '#Usable',
      '#Dropped',
    ],
    rows: series.flatMap((each) =>
      each.metrics.map(({ name, targeted, slowdownPercent, interval95, deviationPercent, control }) => [
        kindText(each),
        name,
        targeted ? 'yes' : muted('no'),
        slowdownText(slowdownPercent),
        interval95 === null ? muted(NOT_AVAILABLE) : slowdownIntervalText(interval95),
        deviationPercent === null ? muted(NOT_AVAILABLE) : threeDigits(deviationPercent),
        slowdownText(control.slowdownPercent),
        `${each.invocations.usable} of ${each.invocations.measured}`,
        each.drops.blocks === 0
          ? muted(NOT_AVAILABLE)
          : percent((100 * each.drops.dropped) / each.drops.blocks),
      ]),
    ),
  });
}

function wantedTable({ wanted }: Evidence): TableView {
  return tableView({
    caption: 'Invocations wanted, and those that are there',
    columns: ['Builds', '#Wanted', '#Usable', '#Missing'],
    rows: wanted.map((each) => [
      kindText(each),
      String(each.invocations),
      String(each.usable),
      String(Math.max(0, each.missing)),
    ]),
  });
}

function buildsTable({ builds }: Evidence): TableView {
  return tableView({
    caption: 'The code that was measured, and how',
    columns: ['Commit', 'Blocks', '#Stretches', '#Invocations'],
    rows: builds.map((build) => [
      buildInWords(build),
      `${build.blocks} of four windows of ${build.windowMs}${THIN_SPACE}ms`,
      String(build.stretches),
      String(build.invocations),
    ]),
  });
}
