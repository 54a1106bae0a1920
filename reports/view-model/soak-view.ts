import type {
  ArmRecord,
  LeakRecord,
  RunRecord,
  SeriesRecord,
  SoakRecord,
} from '../../scenarios/harness/record.js';
import { exactInteger } from '../numbers/digits.js';
import { secondsText } from '../numbers/moment.js';
import { greatest, median } from '../numbers/order-statistics.js';
import { type Quantity, type Scale, scaleFor, withUnit } from '../numbers/scale.js';
import { capitalised, listInWords, plural } from '../numbers/sentence.js';
import { entryOf } from '../record-file/entry-of.js';
import { armIdentity, compareArms } from './arm-identity.js';
import { leakSentence } from './leak-words.js';
import { pressurePercent } from './noise-view.js';
import { courseTable, leakTable, thirdsTable } from './soak-tables.js';
import type { TableView } from './table-view.js';

/** A stretch of a line without a gap in it; x counts seconds of the run. */
export interface SoakLine {
  arm: string;
  pieces: { x: number; y: number }[][];
  /** The slope that the leak rule judged, as a line through the middle of what it judged. */
  trend: { from: { x: number; y: number }; to: { x: number; y: number } } | null;
}

export interface SoakPanel {
  name: string;
  label: string;
  scale: Scale;
  lines: SoakLine[];
}

export interface SoakStrip {
  label: string;
  /** One for each cell of the time axis; per cent, or 100 for as long as something went on. */
  values: (number | null)[];
  isPresence: boolean;
}

export interface SoakView {
  sentence: string;
  totalSeconds: number;
  /** Cells that the time axis is divided into. */
  cells: number;
  gaps: SoakRecord['gaps'];
  gauges: { sentence: string; panels: SoakPanel[]; table: TableView };
  besides: { sentence: string; panels: SoakPanel[]; table: TableView };
  work: { sentence: string; panels: SoakPanel[]; table: TableView };
  strips: SoakStrip[];
  course: TableView;
}

/** A point every few pixels at full page width. */
const CELLS = 240;
const FLOW: readonly [name: string, label: string, quantity: Quantity][] = [
  ['throughput_ops_per_s', 'throughput', 'rate'],
  ['latency_ns_p50', 'latency p50', 'time'],
  ['latency_ns_p99', 'latency p99', 'time'],
  ['loopDelayP99Ns', 'event-loop delay p99', 'time'],
  ['gcPauseNs', 'longest garbage collection', 'time'],
];
/** Not judged, and drawn to tell where judged memory comes from. */
const BESIDES: readonly [name: string, label: string][] = [
  ['externalBytes', 'memory that JavaScript objects keep outside the heap'],
  ['poolBytes', 'buffer pool, lent or not'],
  ['queuedBytes', 'bytes that wait for their sockets'],
  ['ringBytesUsed', 'outbound ring in use'],
  ['generatorRssBytes', 'resident memory of the load generator'],
];

export function soakView(record: RunRecord, soak: SoakRecord): SoakView {
  const arms = Object.values(record.cases)
    .flatMap((each) => Object.entries(each.arms))
    .sort(([a], [b]) => compareArms(a, b));
  const totalSeconds = Math.max(1, greatest(soak.lives.map(({ endSeconds }) => endSeconds)));
  const gauges = Object.values(soak.leaks)[0] ?? [];
  const context = { soak, arms, totalSeconds };
  return {
    sentence: overallSentence(soak, arms),
    totalSeconds,
    cells: CELLS,
    gaps: soak.gaps,
    gauges: {
      sentence: leakSentence(soak),
      panels: gauges.flatMap((leak) =>
        panelOf(context, leak.gauge, leak.label, leak.gauge.endsWith('Bytes') ? 'bytes' : 'count'),
      ),
      table: leakTable(soak),
    },
    besides: besidesView(context),
    work: workView(context),
    strips: stripsOf(record, soak, totalSeconds),
    course: courseTable(soak),
  };
}

interface Context {
  soak: SoakRecord;
  arms: [string, ArmRecord][];
  totalSeconds: number;
}

type Bound = 'low' | 'high';

function panelOf(
  context: Context,
  name: string,
  label: string,
  quantity: Quantity,
  bound: Bound = 'low',
): SoakPanel[] {
  const lines = context.arms.flatMap(([arm, { series }]): SoakLine[] => {
    const own = entryOf(series, name);
    if (own === undefined) return [];
    const pieces = piecesOf(own, context, bound);
    if (pieces.length === 0) return [];
    return [{ arm, pieces, trend: trendOf(entryOf(context.soak.leaks, arm), name, pieces) }];
  });
  if (lines.length === 0) return [];
  const values = lines.flatMap(({ pieces }) => pieces.flat().map(({ y }) => y));
  return [{ name, label, scale: scaleFor(quantity, values), lines }];
}

/**
 * One piece for each life of the processes, thinned to a point for each cell: of gauges the lowest, which the rule judges,
 * and of delays the highest.
 */
function piecesOf(
  series: SeriesRecord,
  { soak, totalSeconds }: Context,
  bound: Bound,
): { x: number; y: number }[][] {
  const values = series[bound] ?? series.values;
  const cellSeconds = totalSeconds / CELLS;
  const pieces = soak.lives.map(({ startSeconds, endSeconds }) => {
    const cells = new Map<number, { x: number; y: number }>();
    for (const [index, value] of values.entries()) {
      const x = series.atNs[index]! / 1e9;
      if (value === null || x < startSeconds || x > endSeconds + 1) continue;
      const cell = Math.floor(x / cellSeconds);
      const kept = cells.get(cell);
      const wins = kept === undefined || (bound === 'low' ? value < kept.y : value > kept.y);
      if (wins) cells.set(cell, { x, y: value });
    }
    return [...cells.values()];
  });
  return pieces.filter((points) => points.length > 0);
}

/** Through the judged points of the longest piece, at the slope that the rule has found. */
function trendOf(
  leaks: LeakRecord[] | undefined,
  gauge: string,
  pieces: SoakLine['pieces'],
): SoakLine['trend'] {
  const leak = leaks?.find((each) => each.gauge === gauge);
  // The slope of a gauge of pieces is weighed in bytes, so it is not drawn.
  if (!leak || leak.slopeBytesPerSecond === null || !gauge.endsWith('Bytes')) return null;
  if (leak.verdict !== 'clean' && leak.verdict !== 'leak') return null;
  const longest = pieces.reduce((best, piece) => (spanOf(piece) > spanOf(best) ? piece : best));
  const end = longest.at(-1)!.x;
  const judged = longest.filter(({ x }) => x >= end - leak.judgedSeconds);
  const slope = leak.slopeBytesPerSecond;
  const level = median(judged.map(({ x, y }) => y - slope * x))!;
  const at = (x: number) => ({ x, y: level + slope * x });
  return { from: at(judged[0]!.x), to: at(end) };
}

function spanOf(piece: { x: number }[]): number {
  return piece.at(-1)!.x - piece[0]!.x;
}

function workView(context: Context): SoakView['work'] {
  const panels = FLOW.flatMap(([name, label, quantity]) =>
    panelOf(context, name, label, quantity, quantity === 'rate' ? 'low' : 'high'),
  );
  const caption = 'How the work went, by thirds of the run: medians of the worst of each stretch';
  return { sentence: workSentence(context), panels, table: thirdsTable(caption, panels) };
}

function besidesView(context: Context): SoakView['besides'] {
  const panels = BESIDES.flatMap(([name, label]) => panelOf(context, name, label, 'bytes'));
  return {
    sentence: 'Not judged: where memory lies that no gauge above shows by itself.',
    panels,
    table: thirdsTable('Memory besides, by thirds of the run: medians', panels),
  };
}

function stripsOf(record: RunRecord, soak: SoakRecord, totalSeconds: number): SoakStrip[] {
  const cellSeconds = totalSeconds / CELLS;
  const presence = (kind: string): SoakStrip => {
    const values = new Array<number | null>(CELLS).fill(null);
    for (const { fromSeconds, toSeconds } of soak.phases.filter((phase) => phase.kind === kind)) {
      const last = Math.min(CELLS - 1, Math.floor(toSeconds / cellSeconds));
      for (let cell = Math.floor(fromSeconds / cellSeconds); cell <= last; cell++) values[cell] = 100;
    }
    return { label: kind.replace('-', ' '), values, isPresence: true };
  };
  const kinds = [...new Set(soak.phases.map(({ kind }) => kind))].sort();
  const { blocks } = record;
  const spread = (label: string, of: number[]): SoakStrip => ({
    label,
    // Checkpoints are evenly spaced but for the gaps, which have none.
    values: Array.from({ length: CELLS }, (_, cell) => {
      const at = (cell + 0.5) * cellSeconds;
      if (soak.gaps.some(({ fromSeconds, toSeconds }) => at >= fromSeconds && at < toSeconds)) return null;
      const worked = at - soak.gaps.reduce((sum, gap) => sum + gapBefore(gap, at), 0);
      const value = of[Math.min(of.length - 1, Math.floor((worked / soak.measuredSeconds) * of.length))];
      return value !== undefined && Number.isFinite(value) ? value : null;
    }),
    isPresence: false,
  });
  const outside = [
    spread(
      'steal',
      blocks.map(({ stealPercent }) => stealPercent),
    ),
    spread('CPU pressure', blocks.map(pressurePercent)),
  ].filter(({ values }) => values.some((value) => value !== null));
  return [...kinds.map(presence), ...outside];
}

function gapBefore({ fromSeconds, toSeconds }: SoakRecord['gaps'][number], at: number): number {
  return at < toSeconds ? 0 : toSeconds - fromSeconds;
}

function overallSentence(soak: SoakRecord, arms: [string, ArmRecord][]): string {
  const parts = [
    `${soak.running ? 'At work' : 'Worked'} for ${secondsText(soak.measuredSeconds)} of ${secondsText(soak.durationSeconds)}`,
    `with ${plural(soak.checkpoints, 'checkpoint')} on the disk`,
  ];
  const operations = arms.reduce((sum, [, arm]) => sum + arm.ledger.delivered, 0);
  if (operations > 0) parts.push(`${exactInteger(operations)} messages delivered`);
  if (soak.gaps.length > 0) {
    const lost = soak.gaps.reduce((sum, { fromSeconds, toSeconds }) => sum + toSeconds - fromSeconds, 0);
    parts.push(`${plural(soak.gaps.length, 'gap')} of ${secondsText(lost)} in all, hatched`);
  }
  if (soak.plant !== null) parts.push(`a leak planted on purpose (${soak.plant})`);
  return `${parts.join(', ')}.`;
}

function workSentence({ arms, soak }: Context): string {
  const cases = arms.map(([arm, { metrics }]) => {
    const rate = metrics.throughput_ops_per_s?.value ?? Number.NaN;
    const p99 = metrics.latency_ns_p99?.value;
    const latency = p99 === undefined ? '' : `, 99 % of requests within ${withUnit('time', p99)}`;
    return `${armIdentity(arm).label} ${withUnit('rate', rate)}${latency}`;
  });
  const phases = plural(soak.phases.length, 'fault phase');
  return `${capitalised(listInWords(cases))}; ${phases}, marked below.`;
}
