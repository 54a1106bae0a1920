import { logLimit, slowdownPercent } from './gate-plan.js';
import type { MetricState, SideFinding, SideState } from './gate-state.js';

/**
 * Counters without noise (allocations, copies and syscalls per message, bytes per session): every invocation must say
 * the same of L. Two that do not are a counter with noise, and no two numbers can decide that.
 */

/** Quotients of counts that are L to the last digit are L: far above rounding, far below any real change. */
const ROUNDING = 1e-9;

/** The log ratio of a counter, positive when the candidate needs more; a count of 0 against another one is infinite. */
export function counterLogRatio(base: number, candidate: number): number {
  return base === candidate ? 0 : Math.log(candidate / base);
}

export function decideCounter(metric: MetricState, units: readonly number[]): void {
  decideSide(metric, metric.slower, units, 'more');
  decideSide(
    metric,
    metric.faster,
    units.map((unit) => -unit),
    'less',
  );
}

function decideSide(metric: MetricState, side: SideState, units: readonly number[], word: string): void {
  const reached = units.filter((unit) => unit >= logLimit(metric.limitPercent) - ROUNDING).length;
  const finding: SideFinding =
    reached === units.length ? 'confirmed' : reached === 0 ? 'cleared' : 'undecided';
  side.finding = finding;
  const values = units.map(percentWords).join(' and ');
  const limit = `the limit is ${metric.limitPercent} %`;
  if (finding === 'confirmed')
    side.reason = `${metric.name}: ${values} ${word} in ${units.length} invocations; ${limit}`;
  else if (finding === 'cleared') side.reason = `${metric.name}: ${values} ${word}; ${limit}`;
  else {
    side.reason = `${metric.name}: the invocations disagree (${values} ${word}; ${limit}), so this counter has noise`;
  }
}

function percentWords(logRatio: number): string {
  const percent = slowdownPercent(logRatio);
  return Number.isFinite(percent) ? `${percent.toFixed(2)} %` : 'without bound (from 0)';
}
