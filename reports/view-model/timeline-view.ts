import type { BlockRecord, RunRecord, SeriesRecord, WindowRecord } from '../../scenarios/harness/record.js';
import { percent, threeDigits } from '../numbers/digits.js';
import { median, quantile } from '../numbers/order-statistics.js';
import { inScale, type Scale, scaleFor, withUnit } from '../numbers/scale.js';
import { plural } from '../numbers/sentence.js';
import { armIdentity, mainArm } from './arm-identity.js';
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
  /** Per cent, one per block; NaN where unknown. */
  values: number[];
}

export interface TimelineCase {
  caseName: string;
  blockCount: number;
  /** First block of each round. */
  roundStarts: number[];
  dropped: { block: number; reason: string }[];
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
    ...arms.flatMap(([, arm]) => Object.values(arm.series).map((s) => s.values.length)),
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
    block.dropped ? [{ block: index, reason: block.reason ?? 'no reason recorded' }] : [],
  );
  const strips = [
    { label: 'steal', values: blocks.map((block) => block.stealPercent) },
    { label: 'CPU pressure', values: blocks.map(pressurePercent) },
  ].filter((strip) => strip.values.some(Number.isFinite));
  const roundStarts = blocks.flatMap((block, index) =>
    block.round === blocks[index - 1]?.round ? [] : [index],
  );
  return {
    caseName,
    blockCount,
    roundStarts,
    dropped,
    panels,
    strips,
    sentence: caseSentence(panels, dropped.length, blockCount, ours),
    table: timelineTable(caseName, panels),
  };
}

/** Puts each window into its block; without windows (a published record) they are spread evenly. */
function pointsOf(
  series: SeriesRecord,
  windows: WindowRecord[],
  ordinals: Map<string, number>,
  blockCount: number,
): { x: number; y: number }[] {
  const exact = windows.length === series.values.length && ordinals.size > 0;
  const perGroup = Math.max(1, Math.ceil(blockCount / POINTS_MAX));
  const groups = new Map<number, number[]>();
  series.values.forEach((value, index) => {
    if (value === null || !Number.isFinite(value)) return;
    const ordinal = exact
      ? (ordinals.get(`${windows[index]!.round}/${windows[index]!.block}`) ?? 0)
      : Math.floor((index * blockCount) / series.values.length);
    const group = Math.floor(ordinal / perGroup);
    groups.set(group, [...(groups.get(group) ?? []), value]);
  });
  return [...groups]
    .sort(([a], [b]) => a - b)
    .map(([group, values]) => ({ x: (group + 0.5) * perGroup, y: median(values)! }));
}

function caseSentence(panels: TimelinePanel[], dropped: number, blockCount: number, ours: string): string {
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
  const shaded = dropped > 0 ? `; ${plural(dropped, 'dropped block')} of ${blockCount} shaded` : '';
  return `In nine of ten blocks the ${panel.label} of ${armIdentity(mine.arm).label} stays between ${withUnit(quantity, low)} and ${withUnit(quantity, high)}, ${direction}${shaded}.`;
}

function overallSentence(cases: TimelineCase[]): string {
  if (cases.length === 0) return 'No series over time was recorded.';
  const blocks = cases.reduce((sum, view) => sum + view.blockCount, 0);
  const dropped = cases.reduce((sum, view) => sum + view.dropped.length, 0);
  const steal = cases.flatMap((view) => view.strips.find((strip) => strip.label === 'steal')?.values ?? []);
  const busy = steal.filter((value) => value >= 1).length;
  return `${threeDigits(blocks)} blocks in the order they were measured, gaps between rounds left out; ${busy || 'none'} had steal of 1 % or more and ${dropped || 'none'} ${dropped === 1 ? 'was' : 'were'} dropped.`;
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
