import { METRICS } from '../../../scenarios/harness/metrics.js';
import { GATE_ARMS, type GateArm, type GateSide } from '../invocation/gate-arms.js';
import type { GatedMetric } from '../invocation/gated-metrics.js';
import type { CaseLine, InvocationLine } from '../invocation/invocation-record.js';
import { blockLogRatio } from '../statistics/block-unit.js';
import { GateError } from '../statistics/gate-error.js';
import { gateBlocks, noisyUnit } from '../verdict/invocation-units.js';
import { type BankInvocation, type BankLedger, RATIO_STEP } from './bank-lines.js';

/** What a bank keeps of an invocation. */
export function compactInvocation(
  line: InvocationLine,
  metrics: readonly GatedMetric[],
  variant: string | null,
): BankInvocation {
  const cases = Object.values(line.cases);
  const withControl = line.startOrder.includes('control');
  const kept: BankInvocation = {
    ...{
      kind: 'invocation',
      index: line.index,
      startedAt: line.startedAt,
      startOrder: line.startOrder,
      variant,
    },
    ratePerSecond: cases.find(({ ratePerSecond }) => ratePerSecond !== null)?.ratePerSecond ?? null,
    ratios: { candidate: [], control: null },
    drops: {
      candidate: dropsOf(cases, 'candidate'),
      control: withControl ? dropsOf(cases, 'control') : null,
    },
    ledgers: ledgersOf(line),
    failure: line.failure,
  };
  // What an arm that failed had done until then is no comparison.
  if (line.failure !== null) return kept;
  try {
    kept.ratios.candidate = metrics.map((gated) => stepsOf(line, gated, 'candidate'));
    if (withControl) kept.ratios.control = metrics.map((gated) => stepsOf(line, gated, 'control'));
  } catch (error) {
    // A window in which nothing came back has no latency. The gate ends there, and the bank says so.
    if (!(error instanceof GateError)) throw error;
    kept.ratios = { candidate: [], control: null };
    kept.failure = { arm: null, code: error.code, message: error.message };
  }
  return kept;
}

/** What is recorded of an invocation that ended for a reason outside of every arm. */
export function failedInvocation(index: number, startedAt: string, error: Error): BankInvocation {
  const { code = 'ERR_SELFTEST_INVOCATION' } = error as NodeJS.ErrnoException;
  return {
    ...{ kind: 'invocation', index, startedAt, startOrder: [], variant: null, ratePerSecond: null },
    ratios: { candidate: [], control: null },
    drops: { candidate: { blocks: 0, causes: {} }, control: null },
    ledgers: {},
    failure: { arm: null, code, message: error.message },
  };
}

/** Of what is counted there is one for the invocation; none where it has no finite one. */
function stepsOf(line: InvocationLine, gated: GatedMetric, side: GateSide): number[] {
  // Adding 0 makes 0 of −0, which JSON does not know.
  const steps = (logRatio: number): number => Math.round(logRatio / RATIO_STEP) + 0;
  if (gated.kind === 'tally') {
    const unit = noisyUnit(line, gated, side);
    return unit === null ? [] : [steps(unit)];
  }
  const { better } = METRICS[gated.metric];
  return gateBlocks(line, gated, side).map((block) => steps(blockLogRatio(block, better)));
}

function dropsOf(cases: readonly CaseLine[], side: GateSide): BankInvocation['drops']['candidate'] {
  const blocks = cases.flatMap((each) => each.blocks[side]);
  const causes: Record<string, number> = {};
  for (const { dropped } of blocks) {
    if (dropped !== null) causes[dropped.kind] = (causes[dropped.kind] ?? 0) + 1;
  }
  return { blocks: blocks.length, causes };
}

function ledgersOf({ cases }: InvocationLine): Partial<Record<GateArm, BankLedger>> {
  const sums: Partial<Record<GateArm, BankLedger>> = {};
  for (const { ledgers } of Object.values(cases)) {
    for (const arm of GATE_ARMS) {
      const ledger = ledgers[arm];
      if (ledger === undefined) continue;
      const { sent, delivered, lost, duplicated, corrupted } = ledger;
      const otherFaults = ledger.reordered + ledger.droppedCounted + ledger.unacknowledgedAtClose;
      const counts = [sent, delivered, lost, duplicated, corrupted, otherFaults];
      const before = sums[arm] ?? [0, 0, 0, 0, 0, 0];
      sums[arm] = before.map((count, place) => count + counts[place]) as BankLedger;
    }
  }
  return sums;
}
