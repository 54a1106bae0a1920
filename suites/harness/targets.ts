import type { MetricName } from '../../scenarios/harness/metrics.js';
import type { CheckDefinition } from '../../scenarios/harness/scenario-schema.js';

/** The numbers a case is to reach, as the service-level checks of the record. */

/** `arm` does at least `least` times the operations per second of `against`. */
export function fasterThan(against: string, least: number, arm = 'native'): CheckDefinition {
  return {
    id: `throughput-against-${idPart(against)}`,
    metric: 'throughput_ops_per_s',
    arm,
    against,
    ratioMin: least,
  };
}

/** One operation of `arm` takes at most `most` times the time of one of `against`. */
export function timeAgainst(against: string, most: number, arm = 'native'): CheckDefinition {
  return {
    id: `time-against-${idPart(against)}`,
    metric: 'latency_ns_mean',
    arm,
    against,
    quotientMax: most,
  };
}

/** One operation takes at most so many nanoseconds. */
export function nanosecondsAtMost(most: number, arm = 'native'): CheckDefinition {
  return { id: 'time', metric: 'latency_ns_mean', arm, valueMax: most };
}

export function atLeast(metric: MetricName, least: number, arm = 'native'): CheckDefinition {
  return { id: idPart(metric), metric, arm, valueMin: least };
}

function idPart(text: string): string {
  return text.replace(/[^a-z0-9]+/g, '-');
}
