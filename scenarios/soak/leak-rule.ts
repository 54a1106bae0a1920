import { normalQuantile } from '../harness/statistics/normal.js';
import { holmSignificant, type Trend, type TrendBlock, trendOf } from '../harness/statistics/trend.js';
import { JUDGED_GAUGES, type JudgedGauge } from './gauge-catalogue.js';

/**
 * Whether a server leaks, from its gauges after garbage collection. A gauge raises the alarm when all of these hold: it
 * rises significantly (1 % over all gauges), by more than 256 bytes a second, and by more than the baseline's did for as
 * many operations. Pure: the same series give the same verdict.
 */

/** One life of a server process: troughs of its gauges, seconds of the run, and the operations done until the end. */
export interface GaugeLife {
  /** When the process started, seconds of the run. */
  startSeconds: number;
  atSeconds: readonly number[];
  gauges: Readonly<Record<string, readonly (number | null)[]>>;
  /** Operations done by each of the moments, since the process started. */
  operations: readonly number[];
}

export interface LeakLimits {
  /** What a process does in its first seconds is not judged. */
  warmupSeconds: number;
  /** Shorter lives, after the cut, are not judged. */
  judgedSecondsMin: number;
}

export const LEAK_LIMITS: LeakLimits = { warmupSeconds: 300, judgedSecondsMin: 600 };
export const LEAK_LEVEL = 0.01;
export const LEAK_BYTES_PER_SECOND = 256;
/** Resident memory also moves with what the kernel and the allocators keep, so only a long, fast rise counts. */
export const RSS_BYTES_PER_SECOND = (1024 * 1024) / 3600;
export const RSS_SECONDS_MIN = 6 * 3600;
/** Fewer cannot be significant at 1 % over all gauges. */
const TROUGHS_MIN = 10;
/** Pairs grow with the square of the points; 360 of a day are one in four minutes. */
const TREND_POINTS_MAX = 360;
/** The chance with which a leak of `detectableBytesPerSecond` would have been found. */
const POWER = 0.8;

export type LeakVerdict = 'clean' | 'leak' | 'too-short' | 'absent';

export interface LeakFinding {
  gauge: JudgedGauge | 'rssBytes';
  verdict: LeakVerdict;
  /** Of the gauge's own unit; null where there is no series. */
  slopePerSecond: number | null;
  slopeBytesPerSecond: number | null;
  /** What the baseline's slope comes to at as many operations; null where it has none that counts. */
  baselineBytesPerSecond: number | null;
  pRising: number | null;
  troughs: number;
  judgedSeconds: number;
  /** The smallest leak that this series would have shown in four of five runs; null with fewer than three troughs. */
  detectableBytesPerSecond: number | null;
}

/** Findings for every judged gauge and for resident memory, of `arm` against the lives of `baseline`. */
export function judgeLeaks(
  arm: readonly GaugeLife[],
  baseline: readonly GaugeLife[],
  limits: LeakLimits = LEAK_LIMITS,
): LeakFinding[] {
  const gauges = Object.keys(JUDGED_GAUGES) as JudgedGauge[];
  const lives = judgedLives(arm, limits);
  const series = gauges.map((gauge) => seriesOf(lives.kept, gauge));
  const significant = holmSignificant(
    series.map((each) => (lives.isLongEnough && each.trend !== null ? each.trend.pRising : 1)),
    LEAK_LEVEL,
  );
  const baselineLives = judgedLives(
    baseline.map((life) => warm(life, lives)),
    { ...limits, warmupSeconds: 0 },
  );
  const findings = gauges.map((gauge, index): LeakFinding => {
    const { bytesPerUnit } = JUDGED_GAUGES[gauge];
    const { trend, troughs } = series[index];
    const common = { gauge, troughs, judgedSeconds: lives.seconds };
    if (trend === null) return unjudged(common, arm);
    const slope = trend.slope * bytesPerUnit;
    const allowed = baselineSlope(gauge, lives, baselineLives);
    const finding = { ...common, ...described(trend, bytesPerUnit), baselineBytesPerSecond: allowed };
    if (!lives.isLongEnough || troughs < TROUGHS_MIN) return { ...finding, verdict: 'too-short' };
    const rises = significant[index] && slope > LEAK_BYTES_PER_SECOND && slope > (allowed ?? 0);
    return { ...finding, verdict: rises ? 'leak' : 'clean' };
  });
  return [...findings, residentFinding(arm, lives)];
}

/** Not enough of it for a slope, or none at all. */
function unjudged(
  common: { gauge: LeakFinding['gauge']; troughs: number; judgedSeconds: number },
  arm: readonly GaugeLife[],
): LeakFinding {
  const isThere = arm.some(({ gauges }) => gauges[common.gauge]?.some((value) => value !== null));
  return {
    ...common,
    verdict: isThere ? 'too-short' : 'absent',
    slopePerSecond: null,
    slopeBytesPerSecond: null,
    baselineBytesPerSecond: null,
    pRising: null,
    detectableBytesPerSecond: null,
  };
}

function described(trend: Trend, bytesPerUnit: number) {
  const slope = Number.isFinite(trend.slope) ? trend.slope : null;
  return {
    slopePerSecond: slope,
    slopeBytesPerSecond: slope === null ? null : slope * bytesPerUnit,
    pRising: trend.pRising,
    detectableBytesPerSecond: detectable(trend.slopeError * bytesPerUnit),
  };
}

/** What the test would find with the power wanted, and never less than the rule itself lets pass. */
function detectable(errorBytesPerSecond: number): number | null {
  if (!Number.isFinite(errorBytesPerSecond)) return null;
  const level = LEAK_LEVEL / Object.keys(JUDGED_GAUGES).length;
  const deviations = normalQuantile(1 - level) + normalQuantile(POWER);
  return LEAK_BYTES_PER_SECOND + deviations * errorBytesPerSecond;
}

interface JudgedLives {
  kept: readonly GaugeLife[];
  seconds: number;
  operations: number;
  isLongEnough: boolean;
}

/**
 * Lives after their warm-up. When none is long enough, what there is after its first third is kept: nothing is judged by
 * it, but it tells what could have been found.
 */
function judgedLives(lives: readonly GaugeLife[], limits: LeakLimits): JudgedLives {
  const long = lives.map((life) => cut(life, limits.warmupSeconds)).filter(isLong);
  const kept = long.length > 0 ? long : lives.map((life) => cut(life, secondsOf(life) / 3));
  return {
    kept,
    seconds: kept.reduce((sum, life) => sum + secondsOf(life), 0),
    operations: kept.reduce((sum, life) => sum + operationsOf(life), 0),
    isLongEnough: long.length > 0,
  };

  function isLong(life: GaugeLife): boolean {
    return secondsOf(life) >= limits.judgedSecondsMin;
  }
}

function cut(life: GaugeLife, warmupSeconds: number): GaugeLife {
  const from = life.atSeconds.findIndex((at) => at >= life.startSeconds + warmupSeconds);
  const kept = <Item>(items: readonly Item[]): Item[] => (from < 0 ? [] : items.slice(from));
  const gauges = Object.fromEntries(
    Object.entries(life.gauges).map(([name, values]) => [name, kept(values)]),
  );
  return { ...life, atSeconds: kept(life.atSeconds), gauges, operations: kept(life.operations) };
}

/**
 * The baseline warms up by operations, too, and does few of them: it is looked at from where it has done as many as the
 * arm had when that was first judged. Before, what V8 still learns would be scaled up with the rest.
 */
function warm(life: GaugeLife, arm: JudgedLives): GaugeLife {
  const needed = Math.min(...arm.kept.map(({ operations }) => operations[0] ?? 0));
  const reached = life.operations.findIndex((done) => done >= needed);
  const startSeconds = reached < 0 ? Number.POSITIVE_INFINITY : life.atSeconds[reached];
  return { ...life, startSeconds: Math.max(life.startSeconds, startSeconds) };
}

function secondsOf({ atSeconds }: GaugeLife): number {
  return atSeconds.length === 0 ? 0 : atSeconds[atSeconds.length - 1] - atSeconds[0];
}

function operationsOf({ operations }: GaugeLife): number {
  return operations.length === 0 ? 0 : operations[operations.length - 1] - operations[0];
}

function seriesOf(lives: readonly GaugeLife[], gauge: string): { trend: Trend | null; troughs: number } {
  const blocks = lives.map((life) => blockOf(life, gauge)).filter(({ values }) => values.length > 1);
  if (blocks.length === 0) return { trend: null, troughs: 0 };
  const total = blocks.reduce((sum, { values }) => sum + values.length, 0);
  const stride = Math.ceil(total / TREND_POINTS_MAX);
  return { trend: trendOf(blocks.map((block) => lowest(block, stride))), troughs: total };
}

function blockOf(life: GaugeLife, gauge: string): TrendBlock {
  const at: number[] = [];
  const values: number[] = [];
  for (const [index, value] of (life.gauges[gauge] ?? []).entries()) {
    if (value === null) continue;
    at.push(life.atSeconds[index]);
    values.push(value);
  }
  return { at, values };
}

/** The lowest of each `stride` neighbours, where it was. */
function lowest({ at, values }: TrendBlock, stride: number): TrendBlock {
  if (stride === 1) return { at, values };
  const kept: number[] = [];
  for (let from = 0; from < values.length; from += stride) {
    let best = from;
    for (let index = from; index < Math.min(from + stride, values.length); index++) {
      if (values[index] < values[best]) best = index;
    }
    kept.push(best);
  }
  return { at: kept.map((index) => at[index]), values: kept.map((index) => values[index]) };
}

/**
 * The baseline does far fewer operations, so its slope is scaled up to as many; one that is itself no more than noise
 * counts as none, or noise times ten would excuse a leak.
 */
function baselineSlope(gauge: JudgedGauge, lives: JudgedLives, baseline: JudgedLives): number | null {
  if (!baseline.isLongEnough || baseline.operations === 0 || baseline.seconds === 0) return null;
  const { trend } = seriesOf(baseline.kept, gauge);
  if (trend === null || !(trend.pRising < LEAK_LEVEL) || lives.seconds === 0) return null;
  const perOperation =
    (trend.slope * JUDGED_GAUGES[gauge].bytesPerUnit * baseline.seconds) / baseline.operations;
  return (perOperation * lives.operations) / lives.seconds;
}

function residentFinding(arm: readonly GaugeLife[], lives: JudgedLives): LeakFinding {
  const { trend, troughs } = seriesOf(lives.kept, 'rssBytes');
  const common = { gauge: 'rssBytes' as const, troughs, judgedSeconds: lives.seconds };
  if (trend === null) return unjudged(common, arm);
  const finding = { ...common, ...described(trend, 1), baselineBytesPerSecond: null };
  if (!lives.isLongEnough || lives.seconds < RSS_SECONDS_MIN) return { ...finding, verdict: 'too-short' };
  const rises = trend.pRising < LEAK_LEVEL && trend.slope > RSS_BYTES_PER_SECOND;
  return { ...finding, verdict: rises ? 'leak' : 'clean' };
}
