import type { BlockRecord, RunRecord } from '../../scenarios/harness/record.js';
import { NOT_AVAILABLE, percent } from '../numbers/digits.js';
import { greatest, median, spreadPercent } from '../numbers/order-statistics.js';
import { listInWords, plural } from '../numbers/sentence.js';
import { entryOf } from '../record-file/entry-of.js';
import { armIdentity, compareArms } from './arm-identity.js';
import { dropCauses, NO_REASON } from './drop-causes.js';
import { isThroughput } from './metric-catalogue.js';
import { type CellInput, type TableView, tableView } from './table-view.js';
import { measuredCases } from './throughput-view.js';

export interface NoiseView {
  sentence: string;
  blocks: TableView;
  /** How much an arm's own rounds differ, which is the machine's doing. */
  spread: TableView;
}

export function noiseView(record: RunRecord): NoiseView {
  const cases = [...new Set(record.blocks.map((block) => block.case))];
  return {
    sentence: sentenceOf(record),
    blocks: tableView({
      caption:
        'Interference from outside, per case; pressure is the share of time some task waited for a processor',
      columns: [
        'Case',
        '#Blocks',
        '#Dropped',
        '#Steal, median',
        '#Steal, worst',
        '#Pressure, median',
        '#Pressure, worst',
        '~Why blocks were dropped',
      ],
      rows: cases.map((caseName) =>
        blockRow(
          caseName,
          record.blocks.filter((block) => block.case === caseName),
        ),
      ),
    }),
    spread: spreadTable(record),
  };
}

function spreadTable(record: RunRecord): TableView {
  const cases = measuredCases(record);
  const arms = [...new Set(cases.flatMap(([, caseRecord]) => Object.keys(caseRecord.arms)))].sort(
    compareArms,
  );
  return tableView({
    caption: 'How much the throughput of each arm’s rounds differs: standard deviation ÷ mean',
    columns: ['Arm', ...cases.map(([caseName]) => `#${caseName}`)],
    rows: arms.map((arm): CellInput[] => [
      armIdentity(arm).label,
      ...cases.map(([, caseRecord]): CellInput => {
        const armRecord = entryOf(caseRecord.arms, arm);
        const metric = Object.keys(armRecord?.metrics ?? {}).find(isThroughput);
        const rounds = metric ? armRecord!.rounds.map((round) => round.metrics[metric] ?? Number.NaN) : [];
        const spread = spreadPercent(rounds);
        if (spread !== null) return percent(spread);
        return { text: NOT_AVAILABLE, detail: 'needs two rounds', state: 'muted' };
      }),
    ]),
  });
}

/** The pressure of a block as a percentage, or NaN where the kernel does not tell. */
export function pressurePercent(block: BlockRecord): number {
  return block.psiCpuSome === null ? Number.NaN : block.psiCpuSome * 100;
}

function worst(values: number[]): number | null {
  const finite = values.filter(Number.isFinite);
  return finite.length === 0 ? null : greatest(finite);
}

function percentCell(value: number | null): CellInput {
  return value === null
    ? { text: NOT_AVAILABLE, detail: 'no PSI in this kernel', state: 'muted' }
    : percent(value);
}

function dropReasons(blocks: BlockRecord[]): string {
  const dropped = blocks.flatMap(({ dropped: isDropped, reason }, block) =>
    isDropped ? [{ block, reason: reason ?? NO_REASON }] : [],
  );
  return dropCauses(dropped)
    .map(({ text, blocks: of }) => (of.length > 1 ? `${text} (${of.length})` : text))
    .join('; ');
}

function blockRow(caseName: string, blocks: BlockRecord[]): CellInput[] {
  const steal = blocks.map((block) => block.stealPercent);
  const pressure = blocks.map(pressurePercent);
  const dropped = blocks.filter((block) => block.dropped).length;
  return [
    caseName,
    String(blocks.length),
    dropped > 0 ? `${dropped} (${percent((100 * dropped) / blocks.length)})` : '0',
    percentCell(median(steal)),
    percentCell(worst(steal)),
    percentCell(median(pressure)),
    percentCell(worst(pressure)),
    dropReasons(blocks) || { text: 'none was', state: 'muted' },
  ];
}

function sentenceOf(record: RunRecord): string {
  const { blocks, machine } = record;
  const alu = `a fixed integer loop varied by ${percent(machine.aluNoisePercent)} on this machine`;
  if (blocks.length === 0) return `${alu.replace('a fixed', 'A fixed')}; no block was measured.`;
  const dropped = blocks.filter((block) => block.dropped);
  const steal = worst(blocks.map((block) => block.stealPercent)) ?? 0;
  const drops =
    dropped.length === 0
      ? `none of ${plural(blocks.length, 'block')} was dropped`
      : `${dropped.length} of ${plural(blocks.length, 'block')} were dropped for outside causes, both sides of each comparison alike`;
  const stealWords =
    steal === 0
      ? 'the hypervisor took no time away'
      : `the hypervisor took at most ${percent(steal)} of a block`;
  return `${listInWords([alu, stealWords, drops]).replace(/^a/, 'A')}.`;
}
