import type { FittedRecord } from '../../scenarios/harness/record.js';
import { greatest, least } from '../numbers/order-statistics.js';
import { armIdentity } from '../view-model/arm-identity.js';
import { EFFICIENCY_ASKED, type ScalingArm, type ScalingWork } from '../view-model/scaling-view.js';
import type { AxisSpec, ChartSpec, RuleSpec, SeriesSpec, TickSpec } from './chart-spec.js';
import { chartNumber, linearTicks } from './ticks.js';

type Figure = FittedRecord & { threads: number };
/** What is drawn of a figure at a number of threads: the speed-up itself, or its share of the ideal. */
type Of = (value: number, threads: number) => number;

const speedup: Of = (value) => value;
const efficiency: Of = (value, threads) => value / threads;

/** Throughput in multiples of one thread's over the number of threads: points, the fitted law, and the ideal. */
export function speedupChart(work: ScalingWork): ChartSpec | null {
  const threadsMax = threadsMaxOf(work);
  if (threadsMax < 2) return null;
  const series = work.arms.flatMap((arm) => armSeries(work, arm, speedup));
  const ideal: SeriesSpec = {
    ...{ label: 'ideal', role: 'limit', style: 'line' },
    points: doublings(threadsMax).map(({ at }) => [at, at]),
  };
  const low = Math.min(1, least(extentOf(series)));
  return {
    kind: 'scaling',
    x: threadAxis(threadsMax),
    y: {
      scale: 'log',
      min: chartNumber(low * 0.94),
      max: chartNumber(Math.max(threadsMax, greatest(extentOf(series))) * 1.08),
      title: 'throughput, × that of one thread',
      ticks: [...halves(low).toReversed(), ...doublings(threadsMax, '×')],
    },
    series: [ideal, ...series],
    rules: [coresRule(work)],
  };
}

/** The same divided by the number of threads: 1 where every thread does what one does alone. */
export function efficiencyChart(work: ScalingWork): ChartSpec | null {
  const threadsMax = threadsMaxOf(work);
  if (threadsMax < 2) return null;
  const series = work.arms.flatMap((arm) => armSeries(work, arm, efficiency));
  const max = chartNumber(Math.max(1, greatest(extentOf(series))) * 1.05);
  return {
    kind: 'scaling',
    x: threadAxis(threadsMax),
    y: {
      ...{ scale: 'linear', min: 0, max },
      title: 'share of what the processors bring; better is up',
      ticks: linearTicks(max, 5),
    },
    series,
    rules: [
      coresRule(work),
      { axis: 'y', at: EFFICIENCY_ASKED, label: `${EFFICIENCY_ASKED} asked for`, dashed: true },
    ],
  };
}

function threadsMaxOf({ arms }: ScalingWork): number {
  return Math.max(0, greatest(arms.map(({ law }) => law.curve.at(-1)?.threads ?? 0)));
}

/** Measured points with intervals, the law where there are cores, and dashed in its band where there are none. */
function armSeries(work: ScalingWork, { arm, law, asMeasured }: ScalingArm, of: Of): SeriesSpec[] {
  const { label, role } = armIdentity(arm);
  const curve = law.curve.map(({ threads, value }): [number, number] => [
    threads,
    chartNumber(of(value, threads)),
  ]);
  const area = law.curve.flatMap(({ threads, ci95 }): [number, number, number][] =>
    ci95 === null ? [] : [[threads, ...scaled(ci95, threads, of)]],
  );
  const here = law.curve.filter(({ projected }) => !projected).length;
  const within = curve.slice(0, here);
  const beyond = curve.slice(Math.max(0, here - 1));
  const series: SeriesSpec[] = [];
  if (within.length > 1) {
    const name = beyond.length > 1 ? '' : label;
    series.push({ label: name, role, style: 'line', points: within });
  }
  if (beyond.length > 1) {
    series.push({ label: `${label}, projected`, role, style: 'dashed', points: beyond, area });
  }
  if (of === speedup)
    series.push({ label: `${label}, by the clock`, role, style: 'dots', ...marks(asMeasured, of) });
  const divided = law.points.filter(({ threads }) => threads <= work.cores);
  series.push({ label, role, style: 'points', ...marks(divided, of) });
  return series;
}

function marks(figures: readonly Figure[], of: Of): Pick<SeriesSpec, 'points' | 'intervals'> {
  return {
    points: figures.map(({ threads, value }) => [threads, chartNumber(of(value, threads))]),
    intervals: figures.map(({ threads, ci95 }) => (ci95 === null ? null : scaled(ci95, threads, of))),
  };
}

function scaled([low, high]: readonly [number, number], threads: number, of: Of): [number, number] {
  return [chartNumber(of(low, threads)), chartNumber(of(high, threads))];
}

function extentOf(series: readonly SeriesSpec[]): number[] {
  return series.flatMap(({ points, intervals = [], area = [] }) => [
    ...points.map(([, y]) => y),
    ...intervals.flatMap((interval) => interval ?? []),
    ...area.flatMap(([, low, high]) => [low, high]),
  ]);
}

function coresRule({ cores }: ScalingWork): RuleSpec {
  return { axis: 'x', at: cores, label: `${cores} cores here`, dashed: false };
}

function threadAxis(threadsMax: number): AxisSpec {
  return {
    scale: 'log',
    min: 0.94,
    max: chartNumber(threadsMax * 1.06),
    title: 'threads',
    ticks: doublings(threadsMax),
  };
}

function doublings(max: number, suffix = ''): TickSpec[] {
  const ticks: TickSpec[] = [];
  for (let at = 1; at < max; at *= 2) ticks.push({ at, label: `${at}${suffix}` });
  return [...ticks, { at: max, label: `${max}${suffix}` }];
}

function halves(low: number): TickSpec[] {
  const ticks: TickSpec[] = [];
  for (let at = 0.5; at >= low * 0.94 && at > 1 / 1024; at /= 2) ticks.push({ at, label: `${at}×` });
  return ticks;
}
