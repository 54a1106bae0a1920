import { InterruptedError } from '../../../scenarios/harness/interruption.js';
import type { ProgressSink } from '../../../scenarios/harness/progress.js';
import type { GatedMetric } from '../invocation/gated-metrics.js';
import { CONTROL_EVERY } from '../invocation/invocation-plan.js';
import { type InvocationContext, runInvocation } from '../invocation/run-invocation.js';
import { DEFAULT_SPENDING } from '../statistics/gate-plan.js';
import type { Stress } from './background-load.js';
import type { BankFile } from './bank-file.js';
import type { BankEnd, BankHeader, BankInvocation } from './bank-lines.js';
import { unitsOf } from './bank-units.js';
import { compactInvocation, failedInvocation } from './compact-invocation.js';
import type { Subject } from './subject.js';

/** What a stretch is measured with. */
export interface CollectInputs {
  bank: Pick<BankFile, 'append'>;
  /** Of the stretch; its seed is that of all invocations. */
  header: BankHeader;
  /** Those of the header, as the gate has them. */
  metrics: readonly GatedMetric[];
  subject: Subject;
  context: Omit<InvocationContext, 'armCommand' | 'progress'>;
  invocations: number;
  /** No invocation is begun that would not end in time. */
  budgetMs: number | null;
  /** What disturbs the machine, where it is to be disturbed. */
  stress?: Pick<Stress, 'failure'> | null;
  /** What a preflight objects to at the moment; absent where the machine is not to be looked at again. */
  objectionsNow?: () => Promise<string[]>;
  progress: ProgressSink;
  nowMs?: () => number;
}

export interface Collected {
  measured: number;
  usable: number;
  failed: number;
  why: BankEnd['why'];
  /** Of the last invocation that failed. */
  lastFailure: string | null;
}

/** As many in a row say that something is broken, not that a neighbour came by. */
const FAILURES_IN_A_ROW_MAX = 5;

/**
 * The least that a gate takes, so that none begins on what was seen longer ago than a gate lasts. A look takes less than a
 * second.
 */
const LOOKED_EVERY = DEFAULT_SPENDING.looks[0];

/**
 * Invocation after invocation into the bank, under its header, as a gate measures them: fresh processes, and the control in
 * every fourth. One that fails is written down and counted; the end says why there are no more.
 * @throws SelftestError `ERR_SELFTEST_STRESS` when what disturbs the machine has ended, without the invocation it is missing from
 */
export async function collect(inputs: CollectInputs): Promise<Collected> {
  const { bank, header, invocations, budgetMs, nowMs = () => performance.now(), stress = null } = inputs;
  const collected: Collected = { measured: 0, usable: 0, failed: 0, why: 'done', lastFailure: null };
  const startMs = nowMs();
  let longestMs = 0;
  let failuresInARow = 0;
  let rate: number | null = null;
  const end = (why: BankEnd['why']): Collected => {
    bank.append({ kind: 'end', why });
    return { ...collected, why };
  };
  bank.append(header);
  for (let index = 0; index < invocations; index++) {
    const elapsedMs = nowMs() - startMs;
    if (budgetMs !== null && elapsedMs + longestMs > budgetMs) return end('budget');
    let line: BankInvocation;
    try {
      const looks = index > 0 && index % LOOKED_EVERY === 0;
      const objections = looks ? await inputs.objectionsNow?.() : undefined;
      line = await measureOne(inputs, index, rate);
      if (objections !== undefined) line.objections = objections;
    } catch (error) {
      if (error instanceof InterruptedError) return end('interrupted');
      throw error;
    }
    const unstressed = stress?.failure() ?? null;
    if (unstressed !== null) {
      end('stress');
      throw unstressed;
    }
    bank.append(line);
    collected.measured++;
    rate ??= line.ratePerSecond;
    longestMs = Math.max(longestMs, nowMs() - startMs - elapsedMs);
    if (unitsOf(header, line, 'candidate') !== null) collected.usable++;
    failuresInARow = line.failure === null ? 0 : failuresInARow + 1;
    if (line.failure === null) continue;
    collected.failed++;
    collected.lastFailure = `${line.failure.message} (${line.failure.code})`;
    if (failuresInARow >= FAILURES_IN_A_ROW_MAX) return end('failures');
  }
  return end('done');
}

/** Throws `InterruptedError` alone: whatever else goes wrong is a line of the bank. */
async function measureOne(
  inputs: CollectInputs,
  index: number,
  rate: number | null,
): Promise<BankInvocation> {
  const { context, subject, header, metrics, progress } = inputs;
  const startedAt = new Date().toISOString();
  try {
    const line = await runInvocation(
      { ...context, progress, armCommand: subject.armCommand(index) },
      {
        ...{ index, seed: header.seed, idle: false, ratePerSecond: rate },
        control: index % CONTROL_EVERY === CONTROL_EVERY - 1,
      },
    );
    return compactInvocation(line, metrics, subject.variant(index));
  } catch (error) {
    if (error instanceof InterruptedError || !(error instanceof Error)) throw error;
    return failedInvocation(index, startedAt, error);
  }
}
