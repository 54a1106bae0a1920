import { formatBytes } from '../harness/format-number.js';
import type { CheckRecord, LeakRecord, LedgerRecord } from '../harness/record.js';
import { LEAK_BYTES_PER_SECOND, RSS_BYTES_PER_SECOND } from './leak-rule.js';
import { OUTSTANDING_MAX } from './session-ledger.js';
import type { ArmState, SoakState } from './soak-state.js';

/** Judges a soak: every arm's ledger and errors, and the native arm's gauges. */
export function soakChecks(
  caseName: string,
  state: SoakState,
  leaks: Readonly<Record<string, readonly LeakRecord[]>>,
): CheckRecord[] {
  const ledgers = [...state.arms].flatMap(([arm, each]) => ledgerChecks(caseName, arm, each));
  return [...ledgers, ...(leaks.native ?? []).map((leak) => leakCheck(caseName, leak))];
}

function ledgerChecks(caseName: string, arm: string, state: ArmState): CheckRecord[] {
  const { ledger, cut, errors, firstErrors } = state;
  const allowed = cut * OUTSTANDING_MAX;
  const faults = ledgerFaults(ledger, allowed);
  const common = { case: caseName, kind: 'correctness', limit: 0 } as const;
  const open = ledger.unacknowledgedAtClose;
  return [
    {
      ...common,
      id: `ledger-${arm}`,
      expression: `${arm}: messages lost, duplicated, reordered, corrupted, dropped or unacknowledged beyond ${OUTSTANDING_MAX} per cut session`,
      value: faults,
      verdict: faults === 0 ? 'pass' : 'fail',
      reason:
        faults === 0
          ? open === 0
            ? null
            : `${open} were unacknowledged on ${cut} sessions that the scenario cut`
          : listed(ledger),
    },
    {
      ...common,
      id: `errors-${arm}`,
      expression: `${arm}: sessions that ended and were not to`,
      value: errors,
      verdict: errors === 0 ? 'pass' : 'fail',
      reason: firstErrors[0] ?? null,
    },
  ];
}

/** Faults of a ledger in which as many as `allowed` may be open on sessions that were cut. */
export function ledgerFaults(ledger: LedgerRecord, allowed: number): number {
  const { lost, duplicated, reordered, corrupted, droppedCounted, unacknowledgedAtClose } = ledger;
  const tooMany = Math.max(0, unacknowledgedAtClose - allowed);
  return Math.abs(lost) + duplicated + reordered + corrupted + droppedCounted + tooMany;
}

function listed(ledger: LedgerRecord): string {
  const words = (Object.keys(ledger) as (keyof LedgerRecord)[])
    .filter((key) => key !== 'sent' && key !== 'delivered' && ledger[key] !== 0)
    .map((key) => `${key} ${ledger[key]}`);
  return `${words.join(', ')} of ${ledger.sent} sent`;
}

function leakCheck(caseName: string, leak: LeakRecord): CheckRecord {
  const limit = leak.gauge === 'rssBytes' ? RSS_BYTES_PER_SECOND : LEAK_BYTES_PER_SECOND;
  const verdicts = {
    clean: 'pass',
    leak: 'fail',
    'too-short': 'not-measurable',
    absent: 'not-measurable',
  } as const;
  return {
    id: `leak-${leak.gauge.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    case: caseName,
    kind: 'correctness',
    expression: `native: ${leak.label} rises by at most ${Math.round(limit)} bytes/s`,
    value: leak.slopeBytesPerSecond,
    limit,
    verdict: verdicts[leak.verdict],
    reason: reasonOf(leak),
  };
}

function reasonOf(leak: LeakRecord): string | null {
  const smallest =
    leak.detectableBytesPerSecond === null
      ? 'too few looks to say what it could have found'
      : `the smallest leak it could have found is ${formatSlope(leak.detectableBytesPerSecond)}`;
  switch (leak.verdict) {
    case 'absent':
      return 'this arm has no such gauge';
    case 'too-short':
      return `too short to judge; ${smallest}`;
    case 'clean':
      return smallest;
    case 'leak':
      return leak.sinceSeconds === null
        ? 'it rises'
        : `it rises; the alarm stands since minute ${Math.round(leak.sinceSeconds / 60)}`;
  }
}

export function formatSlope(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}
