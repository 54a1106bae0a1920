import type { GateArm } from '../invocation/gate-arms.js';
import type { FailureLine, InvocationLine } from '../invocation/invocation-record.js';

/** What must be 0 whatever the speed; nothing of the gate's load may be dropped or cut. */
const LEDGER_FAULTS = [
  'lost',
  'duplicated',
  'reordered',
  'corrupted',
  'droppedCounted',
  'unacknowledgedAtClose',
] as const;

/** The kind of a fault that ended an invocation; those of ledgers are called as there. */
export const FAILED = 'failed';

export interface Fault {
  /** Null where it may be the machine's, which nobody can tell from an arm's. */
  arm: GateArm | null;
  kind: string;
  message: string;
}

/** Failures and messages unaccounted for, over all invocations, each kind once for each arm. */
export function faultsOf(lines: readonly InvocationLine[]): Fault[] {
  const faults = lines.flatMap(({ failure, index }): Fault[] => {
    if (failure === null) return [];
    const message = `invocation ${index + 1}: ${failureWords(failure)}`;
    return failedArms(failure).map((arm) => ({ arm, kind: FAILED, message }));
  });
  // What a process that died had out says nothing more than that it died.
  const completed = lines.filter(({ failure }) => failure === null);
  for (const arm of ['candidate', 'base', 'control'] as const) {
    for (const kind of LEDGER_FAULTS) {
      const count = completed
        .flatMap(({ cases }) => Object.values(cases))
        .reduce((sum, { ledgers }) => sum + Math.abs(ledgers[arm]?.[kind] ?? 0), 0);
      if (count > 0) faults.push({ arm, kind, message: `${count} messages ${WORDS[kind]} by the ${arm}` });
    }
  }
  return faults;
}

/** Whose a failure is: of all arms that failed alike, or of nobody (null) where the machine was disturbed meanwhile. */
export function failedArms(
  failure: Pick<FailureLine, 'others' | 'disturbance'> & { arm: GateArm | null },
): (GateArm | null)[] {
  return failure.disturbance === undefined ? [failure.arm, ...(failure.others ?? [])] : [null];
}

/**
 * The candidate's faults of a kind that nothing else in this gate shows. For these the change is to blame; what base or control
 * do as well, or a machine that was disturbed may have done, is no difference between the builds.
 */
export function ofCandidateAlone<Each extends Pick<Fault, 'arm' | 'kind'>>(faults: readonly Each[]): Each[] {
  const elsewhere = new Set(faults.filter(({ arm }) => arm !== 'candidate').map(({ kind }) => kind));
  return faults.filter(({ arm, kind }) => arm === 'candidate' && !elsewhere.has(kind));
}

/** What to do about faults that are not the candidate's alone. */
export function adviceOn(faults: readonly Fault[]): string {
  if (faults.some(({ arm }) => arm === null)) {
    return 'a disturbed machine does that to either build; free it and repeat';
  }
  if (faults.some(({ arm }) => arm === 'candidate')) {
    return 'the candidate is not alone with it, so the change is not to blame; look for what both builds or the machine do';
  }
  return 'the base cannot be compared with; name another one with --base';
}

function failureWords({ message, code, others = [], disturbance }: FailureLine): string {
  const alike = others.length === 0 ? '' : `; ${others.join(' and ')} failed alike`;
  return `${message} (${code})${alike}${disturbance === undefined ? '' : `; meanwhile ${disturbance}`}`;
}

const WORDS: Record<(typeof LEDGER_FAULTS)[number], string> = {
  lost: 'lost',
  duplicated: 'duplicated',
  reordered: 'reordered',
  corrupted: 'corrupted',
  droppedCounted: 'dropped',
  unacknowledgedAtClose: 'left unanswered',
};
