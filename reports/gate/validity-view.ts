import { ALU_NOISE_PERCENT_MAX, STEAL_PERCENT_MAX } from '../../ci/gate/preflight/noise-limits.js';
import { DROPPED_SHARE_MAX } from '../../ci/gate/statistics/dropped-blocks.js';
import { SUSPECT_ABOVE } from '../../ci/gate/statistics/gate-plan.js';
import type { GateVerdictFile } from '../../ci/gate/verdict/gate-verdict.js';
import { exactInteger, NOT_AVAILABLE, percent, THIN_SPACE, threeDigits } from '../numbers/digits.js';
import { greatest, quantile } from '../numbers/order-statistics.js';
import { plural } from '../numbers/sentence.js';
import { type CellInput, type CellState, type TableView, tableView } from '../view-model/table-view.js';
import { metricInWords, slowdownText } from './gate-words.js';
import { blocksOf, type MeasuredGate } from './measured-gate.js';

/** Whether this machine could measure at all: what could have made the verdict mean nothing, and what it was held against. */
export interface ValidityView {
  sentence: string;
  checks: TableView;
  noise: TableView;
  drops: TableView | null;
}

export function validityView(file: GateVerdictFile, measured: MeasuredGate | null): ValidityView {
  return {
    sentence: sentenceOf(file),
    checks: tableView({
      caption: 'What could have made this gate blind, and what it was held against',
      columns: ['What', '#Value', '#Limit', 'Finding', '~In words'],
      rows: [
        noiseRow(file),
        ...stealRow(measured),
        dropRow(file),
        unusedRow(file),
        ...controlRows(file),
        ...ledgerRow(measured),
      ],
    }),
    noise: noiseTable(file),
    drops: dropTable(file),
  };
}

function sentenceOf(file: GateVerdictFile): string {
  const { aluNoisePercent } = file.machine;
  const control = controlInWords(file);
  const dropped =
    file.drops.dropped === 0
      ? 'no block was dropped'
      : `${file.drops.dropped} of ${file.drops.blocks} blocks were dropped`;
  return `The same 4 ms of work took times that spread over ${percent(aluNoisePercent)} of their median before the gate began; ${dropped}; ${control}.`;
}

function controlInWords({ control }: GateVerdictFile): string {
  const measured = control.filter(({ invocations }) => invocations > 0);
  if (measured.length === 0) return 'base against base was not judged';
  const suspect = measured.filter((each) => each.suspect).length;
  return suspect === 0
    ? 'base against base shows no difference of that size'
    : `base against base shows a difference in ${suspect} of ${plural(measured.length, 'metric')}, so nothing was decided`;
}

function found(isBad: boolean): CellInput {
  const state: CellState = isBad ? 'inconclusive' : 'pass';
  return { text: isBad ? '? objects' : '✓ fit', state };
}

function noiseRow({ machine }: GateVerdictFile): CellInput[] {
  return [
    'noise of a fixed loop',
    percent(machine.aluNoisePercent),
    percent(ALU_NOISE_PERCENT_MAX),
    found(machine.aluNoisePercent > ALU_NOISE_PERCENT_MAX),
    'spread of 4 ms of integer work on every processor, before the first invocation',
  ];
}

function stealRow(measured: MeasuredGate | null): CellInput[][] {
  const steals =
    measured?.invocations.flatMap(({ line }) =>
      Object.keys(line.cases).flatMap((name) => blocksOf(line, name).map(({ stealPercent }) => stealPercent)),
    ) ?? [];
  if (steals.length === 0) return [];
  const most = greatest(steals);
  return [
    [
      'steal in a block',
      { text: percent(quantile(steals, 0.5) ?? Number.NaN), detail: `at most ${percent(most)}` },
      percent(STEAL_PERCENT_MAX),
      { text: '· judged by the block', state: 'muted' },
      'what the hypervisor took, median of all blocks; the limit is that of the look before the gate, a block is dropped by its own',
    ],
  ];
}

function dropRow({ drops }: GateVerdictFile): CellInput[] {
  const { blocks, dropped, droppedShare, objection } = drops;
  return [
    'blocks dropped',
    { text: percent(100 * droppedShare), detail: `${dropped} of ${blocks}` },
    percent(100 * DROPPED_SHARE_MAX),
    found(objection !== null),
    objection ?? 'for causes outside alone, both arms together; they do not depend on which arm ran',
  ];
}

function unusedRow({ invocations }: GateVerdictFile): CellInput[] {
  const unused = invocations.measured - invocations.used;
  return [
    'invocations not used',
    { text: String(unused), detail: `of ${invocations.measured}` },
    { text: 'none', state: 'muted' },
    { text: '· counted', state: 'muted' },
    'measured, and with less than half of their blocks undisturbed, without a count, or after the verdict',
  ];
}

function controlRows({ control, metrics }: GateVerdictFile): CellInput[][] {
  return control.map(({ metric, invocations, estimatePercent, suspect, reason }) => {
    const line = metrics.find((each) => `${each.case} ${each.metric}` === metric);
    return [
      `control: ${line === undefined ? metric : metricInWords(line)}`,
      { text: slowdownText(estimatePercent), detail: `${invocations} invocations` },
      line === undefined
        ? NOT_AVAILABLE
        : `±${Number((SUSPECT_ABOVE * line.limitPercent).toFixed(3))}${THIN_SPACE}%`,
      invocations === 0 ? { text: '· not measured', state: 'muted' } : found(suspect),
      suspect || invocations === 0 ? reason : 'base against base, by the same machinery',
    ];
  });
}

const FAULTS = ['lost', 'duplicated', 'reordered', 'corrupted'] as const;

function ledgerRow(measured: MeasuredGate | null): CellInput[][] {
  if (measured === null) return [];
  const ledgers = measured.invocations
    .filter(({ line }) => line.failure === null)
    .flatMap(({ line }) => Object.values(line.cases).flatMap(({ ledgers }) => Object.values(ledgers)));
  if (ledgers.length === 0) return [];
  const sent = ledgers.reduce((sum, ledger) => sum + ledger.sent, 0);
  const wrong = FAULTS.map((kind) => ({
    kind,
    count: ledgers.reduce((sum, ledger) => sum + Math.abs(ledger[kind]), 0),
  })).filter(({ count }) => count > 0);
  const words = wrong.map(({ kind, count }) => `${exactInteger(count)} ${kind}`).join(', ');
  return [
    [
      'messages wrong',
      { text: wrong.length === 0 ? '0' : words, detail: `of ${exactInteger(sent)}` },
      '0',
      wrong.length === 0 ? { text: '✓ none', state: 'pass' } : { text: '✕ failed', state: 'fail' },
      'lost, duplicated, reordered or corrupted, over all arms and invocations',
    ],
  ];
}

function noiseTable({ metrics }: GateVerdictFile): TableView {
  return tableView({
    caption: 'Noise of each timed metric: standard deviations, in per cent',
    columns: ['Metric', '#Between windows', '#with bursts', '#Between invocations'],
    rows: metrics
      .filter(({ noise }) => noise !== null)
      .map((line) => [
        metricInWords(line),
        threeDigits(line.noise!.windowDeviationPercent),
        threeDigits(line.noise!.windowRootMeanSquarePercent),
        line.unitDeviationPercent === null
          ? { text: NOT_AVAILABLE, state: 'muted' as const }
          : threeDigits(line.unitDeviationPercent),
      ]),
  });
}

function dropTable({ drops }: GateVerdictFile): TableView | null {
  const causes = Object.entries(drops.causes);
  if (causes.length === 0) return null;
  return tableView({
    caption: 'Dropped blocks by cause',
    columns: ['Cause', '#Blocks', '#Share of all'],
    rows: causes.map(([cause, count]) => [cause, String(count), percent((100 * count) / drops.blocks)]),
  });
}
