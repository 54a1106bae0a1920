import type { GatedMetric } from '../invocation/gated-metrics.js';
import type { InvocationLine } from '../invocation/invocation-record.js';
import type { HeaderLine } from '../invocation/raw-file.js';
import { countedUnit, isUsable, noisyUnit } from './invocation-units.js';

/** What of a gate's invocations its decision is fed with, and in which metrics. */
export interface UsedInvocations {
  used: InvocationLine[];
  gated: GatedMetric[];
  /** Asked for, and counted for both builds in no invocation: they decide nothing. */
  uncompared: GatedMetric[];
  /** Failed, or with too few undisturbed blocks. */
  disturbed: number;
  /** Without a tally that others have. */
  uncounted: number;
}

/**
 * An invocation that lacks a tally which others have is left out as a whole, like one with too few blocks: all metrics are
 * decided by the same invocations, and a metric that one invocation could take away would not be gated.
 */
export function usedInvocations(
  { metrics, blocks }: Pick<HeaderLine, 'metrics' | 'blocks'>,
  invocations: readonly InvocationLine[],
): UsedInvocations {
  const undisturbed = invocations.filter((line) => isUsable(line, metrics, blocks));
  const deciding = metrics.filter(({ kind }) => kind !== 'shown');
  const isCompared = (gated: GatedMetric): boolean =>
    gated.kind === 'timed' || undisturbed.length === 0 || undisturbed.some((line) => isCounted(line, gated));
  const gated = deciding.filter(isCompared);
  const tallies = gated.filter(({ kind }) => kind === 'tally');
  const used = undisturbed.filter((line) => tallies.every((tally) => isCounted(line, tally)));
  return {
    ...{ used, gated, uncompared: deciding.filter((each) => !isCompared(each)) },
    disturbed: invocations.length - undisturbed.length,
    uncounted: undisturbed.length - used.length,
  };
}

/** A tally of no finite ratio is none: it is averaged. A counter that was 0 in one arm is an answer. */
function isCounted(line: InvocationLine, gated: GatedMetric): boolean {
  const unit = gated.kind === 'tally' ? noisyUnit(line, gated, 'candidate') : countedUnit(line, gated);
  return unit !== null;
}
