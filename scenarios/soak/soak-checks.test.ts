import { describe, expect, it } from 'vitest';
import type { LeakRecord } from '../harness/record.js';
import { formatSlope, ledgerFaults, soakChecks } from './soak-checks.js';
import { SoakState } from './soak-state.js';
import { armCheckpoint } from './testing/sample-checkpoints.js';

const LEDGER = {
  sent: 100,
  delivered: 100,
  droppedCounted: 0,
  unacknowledgedAtClose: 0,
  lost: 0,
  duplicated: 0,
  reordered: 0,
  corrupted: 0,
};

describe('a ledger', () => {
  it.each(['lost', 'duplicated', 'reordered', 'corrupted', 'droppedCounted'] as const)(
    'fails by %s',
    (key) => {
      expect(ledgerFaults({ ...LEDGER, [key]: 2 }, 100)).toBe(2);
    },
  );

  it('fails by answers that never came, and by open messages beyond those of cut sessions', () => {
    expect(ledgerFaults({ ...LEDGER, lost: -3 }, 0)).toBe(3);
    expect(ledgerFaults({ ...LEDGER, unacknowledgedAtClose: 65 }, 64)).toBe(1);
    expect(ledgerFaults({ ...LEDGER, unacknowledgedAtClose: 64 }, 64)).toBe(0);
  });
});

function leak(changes: Partial<LeakRecord>): LeakRecord {
  return {
    gauge: 'heapUsedBytes',
    label: 'JavaScript heap after collection',
    verdict: 'clean',
    slopeBytesPerSecond: 12,
    baselineBytesPerSecond: null,
    pRising: 0.3,
    troughs: 80,
    judgedSeconds: 1200,
    detectableBytesPerSecond: 300,
    sinceSeconds: null,
    ...changes,
  };
}

function checksOf(leaks: LeakRecord[], arm = armCheckpoint()) {
  const state = new SoakState(['native']);
  state.apply({ kind: 'life', sequence: 1, life: 0, atSeconds: 0, startedAt: '' });
  state.apply({
    ...{ kind: 'checkpoint', sequence: 2, life: 0, atSeconds: 60, seconds: 60, writtenAt: '', phases: [] },
    ...{ stealPercent: 0, psiCpuSome: null, arms: { native: arm } },
  });
  return soakChecks('a case', state, { native: leaks });
}

describe('the checks of a soak', () => {
  it('are those of correctness, so that a leak fails the run', () => {
    const checks = checksOf([leak({ verdict: 'leak', slopeBytesPerSecond: 1100, sinceSeconds: 840 })]);
    expect(checks.map(({ id, kind, verdict }) => [id, kind, verdict])).toEqual([
      ['ledger-native', 'correctness', 'pass'],
      ['errors-native', 'correctness', 'pass'],
      ['leak-heap-used-bytes', 'correctness', 'fail'],
    ]);
    expect(checks[2]).toMatchObject({
      value: 1100,
      limit: 256,
      reason: 'it rises; the alarm stands since minute 14',
    });
  });

  it('say what could have been found where nothing was', () => {
    const [, , clean, short] = checksOf([
      leak({}),
      leak({ verdict: 'too-short', detectableBytesPerSecond: 5000 }),
    ]);
    expect(clean).toMatchObject({
      verdict: 'pass',
      reason: 'the smallest leak it could have found is 300 B/s',
    });
    expect(short).toMatchObject({
      verdict: 'not-measurable',
      reason: 'too short to judge; the smallest leak it could have found is 5.00 kB/s',
    });
  });

  it('fail by sessions that ended and were not to, with the first of them', () => {
    const [, errors] = checksOf([], armCheckpoint({ errors: 2, firstErrors: ['session 4: ECONNRESET'] }));
    expect(errors).toMatchObject({ verdict: 'fail', value: 2, reason: 'session 4: ECONNRESET' });
  });

  it('allow as many open messages as the cut sessions could have', () => {
    const counts = { ...armCheckpoint().counts, sent: 1015, unacknowledgedAtClose: 5 };
    expect(checksOf([], armCheckpoint({ counts, cut: 1 }))[0]).toMatchObject({
      verdict: 'pass',
      reason: '5 were unacknowledged on 1 sessions that the scenario cut',
    });
    expect(checksOf([], armCheckpoint({ counts, cut: 0 }))[0].verdict).toBe('fail');
  });
});

it('writes slopes with their size', () => {
  expect([12, 2048, -3e6].map(formatSlope)).toEqual(['12.0 B/s', '2.05 kB/s', '-3.00 MB/s']);
});
