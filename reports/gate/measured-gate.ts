import type { GateSide } from '../../ci/gate/invocation/gate-arms.js';
import type { GatedMetric } from '../../ci/gate/invocation/gated-metrics.js';
import type { BlockLine, InvocationLine } from '../../ci/gate/invocation/invocation-record.js';
import type { EndLine, HeaderLine, RawLine } from '../../ci/gate/invocation/raw-file.js';
import { type Better, blockLogRatio } from '../../ci/gate/statistics/block-unit.js';
import { GateError } from '../../ci/gate/statistics/gate-error.js';
import { slowdownPercent } from '../../ci/gate/statistics/gate-plan.js';
import { caseOf, gateBlocks, noisyUnit, timedUnit } from '../../ci/gate/verdict/invocation-units.js';
import { usedInvocations } from '../../ci/gate/verdict/used-invocations.js';
import { METRICS } from '../../scenarios/harness/metrics.js';

/** A gate's raw lines, as its decision saw them. */
export interface MeasuredGate {
  header: HeaderLine;
  /** In the order of time. */
  invocations: MeasuredInvocation[];
  end: EndLine['why'] | null;
}

export interface MeasuredInvocation {
  line: InvocationLine;
  /** Which of the decision's invocations it was, from 1; null when it had too few undisturbed blocks, lacked a count or failed. */
  ordinal: number | null;
}

/** Null without a header: then there is nothing to draw from. */
export function measuredGate(lines: readonly RawLine[]): MeasuredGate | null {
  const header = lines.find((line) => line.kind === 'header');
  if (header === undefined) return null;
  const measured = lines.filter((line) => line.kind === 'invocation');
  const used = new Set(usedInvocations(header, measured).used);
  let ordinals = 0;
  const invocations = measured.map((line) => ({ line, ordinal: used.has(line) ? ++ordinals : null }));
  return { header, invocations, end: lines.find((line) => line.kind === 'end')?.why ?? null };
}

/** One metric over a gate, in per cent of slowdown; a value for each invocation, null where it says nothing. */
export interface MetricSeries {
  units: (number | null)[];
  control: (number | null)[];
  /** Undisturbed blocks of the candidate: where in the invocation, from 0 to 1, and what they said. */
  blocks: { at: number; percent: number }[][];
}

export function metricSeries(gate: MeasuredGate, gated: GatedMetric): MetricSeries {
  const { better } = METRICS[gated.metric];
  const each = gate.invocations.map(({ line, ordinal }) => ({ line, used: ordinal !== null }));
  return {
    units: each.map(({ line, used }) => (used ? unitOf(line, gated, 'candidate') : null)),
    control: each.map(({ line }) => (line.failure === null ? unitOf(line, gated, 'control') : null)),
    // What is counted is counted over the invocation.
    blocks: each.map(({ line }) => (gated.kind === 'tally' ? [] : blockPercents(line, gated, better))),
  };
}

function blockPercents(
  line: InvocationLine,
  gated: GatedMetric,
  better: Better,
): MetricSeries['blocks'][number] {
  const all = blocksOf(line, gated.case);
  const places = all.flatMap(({ dropped }, place) => (dropped === null ? [place] : []));
  const percents = orNull(() =>
    gateBlocks(line, gated, 'candidate').map((block) => slowdownPercent(blockLogRatio(block, better))),
  );
  return (percents ?? []).map((percent, index) => ({ at: (places[index]! + 0.5) / all.length, percent }));
}

export function blocksOf(line: InvocationLine, caseName: string, side: GateSide = 'candidate'): BlockLine[] {
  return caseOf(line, caseName)?.blocks[side] ?? [];
}

function unitOf(line: InvocationLine, gated: GatedMetric, side: GateSide): number | null {
  if (!blocksOf(line, gated.case, side).some(({ dropped }) => dropped === null)) return null;
  return orNull(() => {
    const unit = gated.kind === 'tally' ? noisyUnit(line, gated, side) : timedUnit(line, gated, side);
    return unit === null ? null : slowdownPercent(unit);
  });
}

/** A window that measured nothing has no logarithm; the verdict says which. */
function orNull<T>(value: () => T | null): T | null {
  try {
    return value();
  } catch (error) {
    if (error instanceof GateError) return null;
    throw error;
  }
}

/** How many blocks each cause took, over the sides of these blocks. */
export function causesOf(blocks: readonly BlockLine[]): Map<string, number> {
  const causes = new Map<string, number>();
  for (const { dropped } of blocks) {
    if (dropped !== null) causes.set(dropped.kind, (causes.get(dropped.kind) ?? 0) + 1);
  }
  return new Map([...causes].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** `steal 10, foreign-cpu 4` */
export function causesInWords(causes: ReadonlyMap<string, number>): string {
  return [...causes].map(([kind, count]) => `${kind} ${count}`).join(', ');
}
