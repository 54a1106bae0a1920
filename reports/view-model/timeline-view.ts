import type {
  ArmRecord,
  BlockRecord,
  RunRecord,
  SeriesRecord,
  WindowRecord,
} from '../../scenarios/harness/record.js';
import { exactInteger, percent } from '../numbers/digits.js';
import { greatest, median, quantile } from '../numbers/order-statistics.js';
import { inScale, type Scale, scaleFor, withUnit } from '../numbers/scale.js';
import { plural } from '../numbers/sentence.js';
import { armIdentity, mainArm } from './arm-identity.js';
import { causesInWords, type DropCause, dropCauses, NO_REASON } from './drop-causes.js';
import { metricName } from './metric-catalogue.js';
import { pressurePercent } from './noise-view.js';
import { type CellInput, type TableView, tableView } from './table-view.js';
import { armsOf, measuredCases } from './throughput-view.js';

/**
 * The time axis counts blocks in the order they were measured. Rounds are minutes apart and windows 50 ms
 * long: on a clock axis a run would be gaps.
 */
export interface TimelineLine {
  arm: string;
  points: { x: number; y: number }[];
}

export interface TimelinePanel {
  metric: string;
  label: string;
  scale: Scale;
  lines: TimelineLine[];
}

export interface TimelineStrip {
  label: string;
  /** One per block, in per cent or nanoseconds; NaN where unknown. */
  values: number[];
  unit: 'percent' | 'ns';
}

export interface TimelineCase {
  caseName: string;
  blockCount: number;
  /** First block of each round, with the round's number in the record: a case may take part in every other one. */
  roundStarts: { block: number; round: number }[];
  dropped: { block: number; reason: string }[];
  causes: DropCause[];
  panels: TimelinePanel[];
  strips: TimelineStrip[];
  sentence: string;
  table: TableView;
}

export interface TimelineView {
  sentence: string;
  cases: TimelineCase[];
}

const METRICS = [
  'throughput_ops_per_s',
  'throughput_bytes_per_s',
  'latency_ns_p50',
  'latency_ns_p99',
  'cpu_ns_per_op',
];
/** A point every few pixels at full page width. */
const POINTS_MAX = 240;

export function timelineView(record: RunRecord): TimelineView {
  const ours = mainArm(record);
  const cases = measuredCases(record)
    .map(([caseName]) => timelineCase(record, caseName, ours))
    .filter((view) => view.panels.length > 0);
  return { sentence: overallSentence(cases), cases };
}

function byRoundAndBlock(a: BlockRecord, b: BlockRecord): number {
  return a.round - b.round || a.block - b.block;
}

function timelineCase(record: RunRecord, caseName: string, ours: string): TimelineCase {
  const blocks = record.blocks.filter((block) => block.case === caseName).sort(byRoundAndBlock);
  const arms = armsOf(record.cases[caseName]!);
  const ordinals = new Map(blocks.map((block, index) => [`${block.round}/${block.block}`, index]));
  const windows = record.windows.filter((window) => window.case === caseName);
  const longest = Math.max(
    0,
    greatest(arms.flatMap(([, arm]) => Object.values(arm.series).map(({ values }) => values.length))),
  );
  const blockCount = blocks.length > 0 ? blocks.length : longest;

  const panels = METRICS.flatMap((metric): TimelinePanel[] => {
    const lines = arms.flatMap(([arm, armRecord]): TimelineLine[] => {
      const series = armRecord.series[metric];
      if (!series) return [];
      const own = windows.filter((window) => window.arm === arm).sort((a, b) => a.startNs - b.startNs);
      const points = pointsOf(series, own, ordinals, blockCount);
      return points.length > 0 ? [{ arm, points }] : [];
    });
    if (lines.length === 0) return [];
    const { label, quantity } = metricName(metric);
    const values = lines.flatMap((line) => line.points.map((point) => point.y));
    return [{ metric, label, scale: scaleFor(quantity, values), lines }];
  });

  const dropped = blocks.flatMap((block, index) =>
    block.dropped ? [{ block: index, reason: block.reason ?? NO_REASON }] : [],
  );
  const strips = [
    { label: 'steal', values: blocks.map((block) => block.stealPercent), unit: 'percent' as const },
    { label: 'CPU pressure', values: blocks.map(pressurePercent), unit: 'percent' as const },
    ...runtimeStrips(arms, windows, ordinals, blockCount),
  ].filter((strip) => strip.values.some(Number.isFinite));
  const causes = dropCauses(dropped);
  const roundStarts = blocks.flatMap((block, index) =>
    block.round === blocks[index - 1]?.round ? [] : [{ block: index, round: block.round }],
  );
  return {
    caseName,
    blockCount,
    roundStarts,
    dropped,
    causes,
    panels,
    strips,
    sentence: caseSentence(panels, causes, blockCount, ours),
    table: timelineTable(caseName, panels),
  };
}

/** Puts each window into its block; without windows (a published record) they are spread evenly. */
function placed(
  series: SeriesRecord,
  windows: WindowRecord[],
  ordinals: Map<string, number>,
  blockCount: number,
): { block: number; value: number }[] {
  const exact = windows.length === series.values.length && ordinals.size > 0;
  return series.values.flatMap((value, index) => {
    if (value === null || !Number.isFinite(value)) return [];
    const block = exact
      ? (ordinals.get(`${windows[index]!.round}/${windows[index]!.block}`) ?? 0)
      : Math.floor((index * blockCount) / series.values.length);
    return [{ block, value }];
  });
}

/** How many blocks share a point of a long run, which is their median. */
function blocksPerPoint(blockCount: number): number {
  return Math.max(1, Math.ceil(blockCount / POINTS_MAX));
}

function pointsOf(
  series: SeriesRecord,
  windows: WindowRecord[],
  ordinals: Map<string, number>,
  blockCount: number,
): { x: number; y: number }[] {
  const perGroup = blocksPerPoint(blockCount);
  const groups = new Map<number, number[]>();
  for (const { block, value } of placed(series, windows, ordinals, blockCount)) {
    const group = Math.floor(block / perGroup);
    groups.set(group, [...(groups.get(group) ?? []), value]);
  }
  return [...groups]
    .sort(([a], [b]) => a - b)
    .map(([group, values]) => ({ x: (group + 0.5) * perGroup, y: median(values)! }));
}

/** What the runtime of an arm did meanwhile, where the record has it. */
const RUNTIME_SERIES: readonly (readonly [name: string, label: string])[] = [
  ['gcPauseNs', 'GC'],
  ['loopDelayP99Ns', 'loop delay p99'],
];

/** The longest of each block, of the arms that run JavaScript. */
function runtimeStrips(
  arms: readonly [string, ArmRecord][],
  windows: WindowRecord[],
  ordinals: Map<string, number>,
  blockCount: number,
): TimelineStrip[] {
  return RUNTIME_SERIES.flatMap(([name, label]) =>
    arms.flatMap(([arm, { series }]): TimelineStrip[] => {
      const found = series[name];
      if (found === undefined) return [];
      const own = windows.filter((window) => window.arm === arm).sort((a, b) => a.startNs - b.startNs);
      const values = new Array<number>(blockCount).fill(Number.NaN);
      for (const { block, value } of placed(found, own, ordinals, blockCount)) {
        values[block] = Math.max(value, Number.isFinite(values[block]) ? values[block]! : 0);
      }
      return [{ label: `${label}, ${armIdentity(arm).label}`, values, unit: 'ns' }];
    }),
  );
}

function caseSentence(
  panels: TimelinePanel[],
  causes: DropCause[],
  blockCount: number,
  ours: string,
): string {
  const panel = panels[0];
  const mine = panel?.lines.find((line) => line.arm === ours) ?? panel?.lines[0];
  if (!panel || !mine) return 'No series was recorded.';
  const values = mine.points.map((point) => point.y);
  const quantity = metricName(panel.metric).quantity;
  const [low, high] = [quantile(values, 0.05)!, quantile(values, 0.95)!];
  const half = Math.floor(values.length / 2);
  const drift = half > 0 ? (median(values.slice(half))! / median(values.slice(0, half))! - 1) * 100 : 0;
  const direction =
    Math.abs(drift) < 1
      ? 'and ends where it began'
      : `and its second half is ${percent(Math.abs(drift))} ${drift > 0 ? 'higher' : 'lower'} than its first`;
  const dropped = causes.reduce((sum, { blocks }) => sum + blocks.length, 0);
  const shaded =
    dropped > 0
      ? `; ${plural(dropped, 'dropped block')} of ${blockCount} shaded, ${causesInWords(causes)}`
      : '';
  const perPoint = blocksPerPoint(blockCount);
  const stretch = perPoint === 1 ? 'blocks' : `medians of ${perPoint} blocks`;
  return `In nine of ten ${stretch} the ${panel.label} of ${armIdentity(mine.arm).label} stays between ${withUnit(quantity, low)} and ${withUnit(quantity, high)}, ${direction}${shaded}.`;
}

function overallSentence(cases: TimelineCase[]): string {
  if (cases.length === 0) return 'No series over time was recorded.';
  const blocks = cases.reduce((sum, view) => sum + view.blockCount, 0);
  const dropped = cases.reduce((sum, view) => sum + view.dropped.length, 0);
  const steal = cases.flatMap((view) => view.strips.find((strip) => strip.label === 'steal')?.values ?? []);
  const busy = steal.filter((value) => value >= 1).length;
  return `${exactInteger(blocks)} blocks in the order they were measured, gaps between rounds left out; ${busy || 'none'} had steal of 1 % or more and ${dropped || 'none'} ${dropped === 1 ? 'was' : 'were'} dropped.`;
}

function timelineTable(caseName: string, panels: TimelinePanel[]): TableView {
  return tableView({
    caption: `${caseName}: over the blocks, each arm’s quantiles of block medians`,
    columns: ['Measure', 'Arm', '#Unit', '#p5', '#Median', '#p95', '#First half', '#Second half'],
    rows: panels.flatMap((panel) =>
      panel.lines.map((line): CellInput[] => {
        const values = line.points.map((point) => point.y);
        const half = Math.floor(values.length / 2);
        const shown = (value: number | null) => inScale(panel.scale, value ?? Number.NaN);
        return [
          panel.label,
          armIdentity(line.arm).label,
          panel.scale.unit,
          shown(quantile(values, 0.05)),
          shown(median(values)),
          shown(quantile(values, 0.95)),
          shown(median(values.slice(0, half))),
          shown(median(values.slice(half))),
        ];
      }),
    ),
  });
}
