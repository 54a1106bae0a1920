import { METRICS, type MetricName } from '../../../scenarios/harness/metrics.js';
import type { GateArm, GateSide } from '../invocation/gate-arms.js';
import type { GatedMetric } from '../invocation/gated-metrics.js';
import type { BlockLine, CaseLine, InvocationLine, WindowLine } from '../invocation/invocation-record.js';
import { type GateBlock, invocationUnit } from '../statistics/block-unit.js';
import { counterLogRatio } from '../statistics/counter.js';

/** From the lines of the raw file to what the decision is fed with. */

/** How the decision and the report call a gated metric. */
export function metricName({ case: caseName, metric }: Pick<GatedMetric, 'case' | 'metric'>): string {
  return `${caseName} ${metric}`;
}

/** Counters of the control protocol, each per message received. */
const COUNTERS: Partial<Record<MetricName, string>> = {
  allocations_per_op: 'allocations',
  payload_copies_per_op: 'payload_copies',
  syscalls_per_op: 'syscalls',
};

/**
 * Per message: what differs by less is the way that single messages took, such as the rest of a write that found its socket full.
 * A change of the code's own path is one for each message, or for each batch of a few.
 */
const COUNT_DIFFERENCE_MIN = 0.001;

/** Where fewer of an invocation's blocks are left, it says nothing of the process, only of the machine. */
export const KEPT_SHARE_MIN = 0.5;

/**
 * More invocations of which too few blocks were left end a gate; the share of dropped ones does before, unless they come in
 * bursts.
 */
export const UNUSABLE_MAX = 24;

/** The blocks of one metric that were not dropped. */
export function gateBlocks(line: InvocationLine, gated: GatedMetric, side: GateSide): GateBlock[] {
  return keptBlocks(line, gated.case, side).map(({ windows }) => {
    const [first, second, third, fourth] = windows.map((window) => windowValue(window, gated.metric));
    return {
      first: windows[0].arm === 'base' ? 'base' : 'candidate',
      values: [first, second, third, fourth],
    };
  });
}

/** Whether enough blocks of every timed metric are left. */
export function isUsable(
  line: InvocationLine,
  metrics: readonly GatedMetric[],
  blocks: number,
  side: GateSide = 'candidate',
): boolean {
  if (line.failure !== null) return false;
  return metrics.every(
    ({ kind, case: caseName }) =>
      kind !== 'timed' || keptBlocks(line, caseName, side).length >= KEPT_SHARE_MIN * blocks,
  );
}

/** The log ratio of a noisy metric, positive when `side` is slower. Throws `GateError` for a window without work. */
export function timedUnit(line: InvocationLine, gated: GatedMetric, side: GateSide): number {
  return invocationUnit(gateBlocks(line, gated, side), METRICS[gated.metric].better);
}

/** The log ratio of what is counted; null when one of the builds does not count it, or this invocation did not. */
export function countedUnit(
  line: InvocationLine,
  gated: GatedMetric,
  side: GateSide = 'candidate',
): number | null {
  const base = countedValue(line, gated, 'base');
  const other = countedValue(line, gated, side);
  if (base === null || other === null) return null;
  return counterLogRatio(base, other, gated.kind === 'counter' ? COUNT_DIFFERENCE_MIN : 0);
}

/** The log ratio of a noisy metric; null where it has none. Throws `GateError` for a window without work. */
export function noisyUnit(line: InvocationLine, gated: GatedMetric, side: GateSide): number | null {
  if (gated.kind === 'timed') return timedUnit(line, gated, side);
  const unit = countedUnit(line, gated, side);
  return unit !== null && Number.isFinite(unit) ? unit : null;
}

/** What an arm counted per message, or holds per session. */
export function countedValue(
  line: InvocationLine,
  { case: caseName, metric }: GatedMetric,
  arm: GateArm,
): number | null {
  if (metric === 'memory_bytes_per_session') {
    const bytes = line.memoryBytesPerSession[arm];
    // Pages that were given back meanwhile can hide the growth; then there is nothing to compare.
    return bytes !== undefined && bytes > 0 ? bytes : null;
  }
  const counters = caseOf(line, caseName)?.counters[arm];
  const counted = counters?.[COUNTERS[metric] ?? ''];
  const messages = counters?.messages_received ?? 0;
  return counted === undefined || messages === 0 ? null : counted / messages;
}

/** Names come from a file, and `constructor` is one too: there only where the invocation has it. */
export function caseOf(line: InvocationLine, caseName: string): CaseLine | undefined {
  return Object.hasOwn(line.cases, caseName) ? line.cases[caseName] : undefined;
}

function keptBlocks(line: InvocationLine, caseName: string, side: GateSide): BlockLine[] {
  return caseOf(line, caseName)?.blocks[side].filter(({ dropped }) => dropped === null) ?? [];
}

function windowValue(window: WindowLine, metric: MetricName): number {
  const { startNs, endNs, serverCpuNs, latencyNs } = window;
  // A window in which nothing was answered is the slowest there is, and not one without a value: the median over the blocks
  // bears a few, and a build that stalls in most of them has to fail.
  const operations = Math.max(1, window.operations);
  switch (metric) {
    case 'throughput_ops_per_s':
      return (operations / (endNs - startNs)) * 1e9;
    case 'cpu_ns_per_op':
      return serverCpuNs / operations;
    case 'latency_ns_p50':
      return latencyNs?.p50 ?? 0;
    case 'latency_ns_p99':
      return latencyNs?.p99 ?? 0;
    default:
      throw new Error(`${metric} is not measured by the window`);
  }
}
