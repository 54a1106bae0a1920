import { InterruptedError } from '../../scenarios/harness/interruption.js';
import type { ProgressSink } from '../../scenarios/harness/progress.js';
import { CONTROL_EVERY } from './invocation/invocation-plan.js';
import type { HeaderLine, RawFile, RawLine } from './invocation/raw-file.js';
import { type InvocationContext, runInvocation } from './invocation/run-invocation.js';
import { DEFAULT_SPENDING } from './statistics/gate-plan.js';
import { UNUSABLE_MAX } from './verdict/invocation-units.js';
import { type Judgement, judgeRaw } from './verdict/judge-raw.js';

/** What a gate is measured with. */
export interface GateInputs {
  header: HeaderLine;
  raw: RawFile;
  context: Omit<InvocationContext, 'progress'>;
  /** Ends an undecided gate. */
  budgetMs: number | null;
  /** A view of the invocations until the next decision. */
  progress: (invocations: number) => ProgressSink;
  nowMs?: () => number;
}

/** The most that a gate decides by. */
export const INVOCATIONS_MAX = Math.max(...DEFAULT_SPENDING.looks) + DEFAULT_SPENDING.confirmationInvocations;

const [FIRST_COUNTER_LOOK, LAST_COUNTER_LOOK] = DEFAULT_SPENDING.counterLooks;

/**
 * Invocation after invocation until the lines say a verdict. Each is on the disk before the next one begins.
 * @throws whatever is the fault of no arm, with what was measured in the raw file
 */
export async function measureGate(inputs: GateInputs): Promise<Judgement> {
  const { header, raw, context, budgetMs, nowMs = () => performance.now() } = inputs;
  const lines: RawLine[] = [];
  const add = (line: RawLine): void => {
    raw.append(line);
    lines.push(line);
  };
  add(header);
  let judgement = judgeRaw(lines);
  const startMs = nowMs();
  let longestMs = 0;
  let rate: number | null = null;
  let progress: ProgressSink | null = null;
  let wanted = 0;
  try {
    for (let index = 0; !judgement.decided; index++) {
      const { used, measured } = judgement.file.invocations;
      const elapsedMs = nowMs() - startMs;
      // The next invocation would not be done in time.
      const late = budgetMs !== null && elapsedMs + longestMs > budgetMs;
      const disturbed = measured - used > UNUSABLE_MAX;
      if (late || disturbed) {
        add({ kind: 'end', why: disturbed ? 'disturbed' : 'budget' });
        return judgeRaw(lines);
      }
      if (progress === null || judgement.file.invocations.wanted !== wanted) {
        progress?.end();
        wanted = judgement.file.invocations.wanted;
        progress = inputs.progress(wanted - used);
      }
      const line = await runInvocation(
        { ...context, progress },
        {
          index,
          seed: header.seed,
          control: index % CONTROL_EVERY === CONTROL_EVERY - 1,
          idle: wantsIdleMemory(judgement),
          ratePerSecond: rate,
        },
      );
      add(line);
      rate ??= Object.values(line.cases).find((each) => each.ratePerSecond !== null)?.ratePerSecond ?? null;
      longestMs = Math.max(longestMs, nowMs() - startMs - elapsedMs);
      judgement = judgeRaw(lines);
    }
    return judgement;
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    add({ kind: 'end', why: 'interrupted' });
    return judgeRaw(lines);
  } finally {
    progress?.end();
  }
}

/** It takes processes of its own, so it is measured until it is decided. */
export function wantsIdleMemory({ file: { invocations, metrics } }: Judgement): boolean {
  const state = metrics.find(({ metric }) => metric === 'memory_bytes_per_session')?.state ?? null;
  if (invocations.used < FIRST_COUNTER_LOOK) return true;
  return invocations.used < LAST_COUNTER_LOOK && (state === null || state.slower.finding === 'open');
}
