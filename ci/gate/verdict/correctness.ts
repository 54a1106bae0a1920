import type { GateArm } from '../invocation/gate-arms.js';
import type { InvocationLine } from '../invocation/invocation-record.js';

/** What must be 0 whatever the speed; nothing of the gate's load may be dropped or cut. */
const FAULTS = [
  'lost',
  'duplicated',
  'reordered',
  'corrupted',
  'droppedCounted',
  'unacknowledgedAtClose',
] as const;

export interface Fault {
  arm: GateArm;
  message: string;
}

/** Failures and messages unaccounted for, over all invocations, each kind once for each arm. */
export function faultsOf(lines: readonly InvocationLine[]): Fault[] {
  const faults: Fault[] = [];
  for (const { failure, index } of lines) {
    if (failure === null) continue;
    const message = `invocation ${index + 1}: ${failure.message} (${failure.code})`;
    faults.push({ arm: failure.arm, message });
  }
  // What a process that died had out says nothing more than that it died.
  const completed = lines.filter(({ failure }) => failure === null);
  for (const arm of ['candidate', 'base', 'control'] as const) {
    for (const kind of FAULTS) {
      const count = completed
        .flatMap(({ cases }) => Object.values(cases))
        .reduce((sum, { ledgers }) => sum + Math.abs(ledgers[arm]?.[kind] ?? 0), 0);
      if (count > 0) faults.push({ arm, message: `${count} messages ${WORDS[kind]} by the ${arm}` });
    }
  }
  return faults;
}

const WORDS: Record<(typeof FAULTS)[number], string> = {
  lost: 'lost',
  duplicated: 'duplicated',
  reordered: 'reordered',
  corrupted: 'corrupted',
  droppedCounted: 'dropped',
  unacknowledgedAtClose: 'left unanswered',
};
