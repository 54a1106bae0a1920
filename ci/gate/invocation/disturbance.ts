import { allowedProcessors } from '../../../scenarios/harness/machine.js';
import {
  type OutsideKind,
  type PressureReading,
  pressureBetween,
  readPressure,
} from '../../../scenarios/harness/pressure.js';
import { readThrottledUs } from './cgroup-throttling.js';
import { type ForeignReading, foreignPercent, readForeign } from './foreign-time.js';

/** What happens to a block from outside: read before and after it, between windows. */
export interface DisturbanceReading {
  pressure: PressureReading;
  foreign: ForeignReading;
  throttledUs: number | null;
}

export type DropKind = OutsideKind | 'throttled' | 'foreign-cpu';

export interface Disturbance {
  stealPercent: number;
  psiCpuSome: number | null;
  foreignPercent: number;
  throttledUs: number | null;
  /** Why the block counts for neither arm, or null. Never depends on what was measured. */
  dropped: { kind: DropKind; reason: string } | null;
}

/**
 * A fifth of one of two processors. A tick is 10 ms, 2 % of a block of a quarter of a second on two processors, and the
 * times of four processes are each cut to ticks: less would be rounding.
 */
const FOREIGN_PERCENT_MAX = 10;

/** @param pids the gate's own processes, itself included */
export type ReadDisturbance = (pids: readonly number[]) => DisturbanceReading;

export function disturbanceReader(): ReadDisturbance {
  const processors = allowedProcessors();
  return (pids) => ({
    pressure: readPressure(),
    foreign: readForeign(pids, processors),
    throttledUs: readThrottledUs(),
  });
}

export function disturbanceBetween(before: DisturbanceReading, after: DisturbanceReading): Disturbance {
  const { stealPercent, psiCpuSome, outsideKind, outsideCause } = pressureBetween(
    before.pressure,
    after.pressure,
  );
  const elapsedNs = after.pressure.monotonicNs - before.pressure.monotonicNs;
  const foreign = foreignPercent(before.foreign, after.foreign, elapsedNs);
  const throttledUs =
    before.throttledUs === null || after.throttledUs === null ? null : after.throttledUs - before.throttledUs;
  const figures = { stealPercent, psiCpuSome, foreignPercent: foreign, throttledUs };
  if (outsideKind !== null && outsideCause !== null) {
    return { ...figures, dropped: { kind: outsideKind, reason: outsideCause } };
  }
  if (throttledUs !== null && throttledUs > 0) {
    const reason = `the cgroup's quota stopped it for ${(throttledUs / 1_000).toFixed(1)} ms`;
    return { ...figures, dropped: { kind: 'throttled', reason } };
  }
  if (foreign > FOREIGN_PERCENT_MAX) {
    const reason = `other programs took ${foreign.toFixed(1)} % of the processor time (limit ${FOREIGN_PERCENT_MAX} %)`;
    return { ...figures, dropped: { kind: 'foreign-cpu', reason } };
  }
  return { ...figures, dropped: null };
}
