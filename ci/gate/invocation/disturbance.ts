import { allowedProcessors } from '../../../scenarios/harness/machine.js';
import {
  type OutsideKind,
  type PressureReading,
  pressureBetween,
  readPressure,
} from '../../../scenarios/harness/pressure.js';
import { readThrottledUs } from './cgroup-throttling.js';
import { type ForeignReading, foreignShare, readForeign } from './foreign-time.js';

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
  /** Of the processors' time, what other programs used; null where they cannot be seen. */
  foreignPercent: number | null;
  /** What was neither idle nor of the gate's processes. */
  unaccountedPercent: number;
  throttledUs: number | null;
  /** Why the block counts for neither arm, or null. Never depends on what was measured. */
  dropped: { kind: DropKind; reason: string } | null;
}

/**
 * A fifth of one of two processors. A tick is 10 ms, 3 % of a block of a sixth of a second on two processors: less would be
 * rounding.
 */
const FOREIGN_PERCENT_MAX = 10;
/**
 * Half of one of two processors. Waking an idle processor is neither idle time nor that of a program: in the open loop, whose
 * processors are idle half of the time, it was 6 to 10 % in the median of quiet blocks, and 10 to 13 % in one of ten.
 */
const UNACCOUNTED_PERCENT_MAX = 25;

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
  const { othersPercent, unaccountedPercent } = foreignShare(before.foreign, after.foreign, elapsedNs);
  const throttledUs =
    before.throttledUs === null || after.throttledUs === null ? null : after.throttledUs - before.throttledUs;
  const figures = {
    stealPercent,
    psiCpuSome,
    foreignPercent: othersPercent,
    unaccountedPercent,
    throttledUs,
  };
  if (outsideKind !== null && outsideCause !== null) {
    return { ...figures, dropped: { kind: outsideKind, reason: outsideCause } };
  }
  if (throttledUs !== null && throttledUs > 0) {
    const reason = `the cgroup's quota stopped it for ${(throttledUs / 1_000).toFixed(1)} ms`;
    return { ...figures, dropped: { kind: 'throttled', reason } };
  }
  const foreign =
    tooMuch('other programs took', othersPercent ?? 0, FOREIGN_PERCENT_MAX) ??
    tooMuch('what is neither idle nor of the gate took', unaccountedPercent, UNACCOUNTED_PERCENT_MAX);
  return { ...figures, dropped: foreign === null ? null : { kind: 'foreign-cpu', reason: foreign } };
}

function tooMuch(what: string, percent: number, percentMax: number): string | null {
  if (percent <= percentMax) return null;
  return `${what} ${percent.toFixed(1)} % of the processor time (limit ${percentMax} %)`;
}
