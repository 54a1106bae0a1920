import { InterruptedError } from '../../../scenarios/harness/interruption.js';
import type { ProgressSink } from '../../../scenarios/harness/progress.js';
import type { GatedMetric } from '../invocation/gated-metrics.js';
import { CONTROL_EVERY } from '../invocation/invocation-plan.js';
import { type InvocationContext, runInvocation } from '../invocation/run-invocation.js';
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
 * Invocation after invocation into the bank, under its header, as a gate measures them: fresh processes, and the control in
 * every fourth. One that fails is written down and counted; the end says why there are no more.
 */
export async function collect(inputs: CollectInputs): Promise<Collected> {
  const { bank, header, invocations, budgetMs, nowMs = () => performance.now() } = inputs;
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
      line = await measureOne(inputs, index, rate);
    } catch (error) {
      if (error instanceof InterruptedError) return end('interrupted');
      throw error;
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
