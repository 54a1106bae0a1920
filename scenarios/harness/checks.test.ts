import { describe, expect, it } from 'vitest';
import { BUILT_IN_DEFAULTS } from './case-parameters.js';
import { ONE_OF_EACH } from './case-processes.js';
import { evaluateChecks } from './checks.js';
import { compareCases } from './comparisons.js';
import { EXIT, strongest } from './exit-code.js';
import type { PlannedCase } from './planner.js';
import type { ArmRecord, CheckRecord, RunRecord } from './record.js';
import type { CheckDefinition } from './scenario-schema.js';
import { createRandom } from './statistics/random.js';
import { sampleArm, sampleCase, sampleRecord } from './testing/sample-record.js';
import { judge, verdictSentence } from './verdict.js';

const FIVE = [1, 1, 1, 1, 1];
const native = sampleArm({ throughput_ops_per_s: FIVE.map(() => 30), cpu_ns_per_op: FIVE.map(() => 11) });
const limit = sampleArm({ throughput_ops_per_s: FIVE.map(() => 40), cpu_ns_per_op: FIVE.map(() => 10) });
const baseline = sampleArm({ throughput_ops_per_s: FIVE.map(() => 10), cpu_ns_per_op: FIVE.map(() => 90) });

function check(definition: Partial<CheckDefinition>): CheckDefinition {
  return { id: 'c', metric: 'throughput_ops_per_s', arm: 'native', ...definition } as CheckDefinition;
}

function planned(checks: CheckDefinition[], changes: Partial<PlannedCase> = {}): PlannedCase {
  return {
    name: 'tcp',
    parameters: BUILT_IN_DEFAULTS,
    arms: ['native', 'limit', 'baseline'],
    processes: ONE_OF_EACH,
    findSessions: false,
    absentArms: {},
    notMeasurable: null,
    messagesPerSessionMin: 0,
    checks,
    notJudged: null,
    ...changes,
  };
}

function evaluate(
  checks: CheckDefinition[],
  changes: Partial<PlannedCase> = {},
  arms: Record<string, ArmRecord> = { native, limit, baseline },
): CheckRecord[] {
  const body = sampleCase(arms);
  return evaluateChecks(planned(checks, changes), body, compareCases({ tcp: body }, createRandom(1)));
}

const numbers = (checks: CheckRecord[]) => checks.filter((each) => each.kind === 'service-level');
const correctness = (checks: CheckRecord[]) => checks.filter((each) => each.kind === 'correctness');

describe('service-level checks', () => {
  it.each<[Partial<CheckDefinition>, string, number]>([
    [{ against: 'baseline', ratioMin: 2.99 }, 'pass', 3],
    [{ against: 'baseline', ratioMin: 3.01 }, 'missed', 3],
    [{ metric: 'cpu_ns_per_op', against: 'limit', quotientMax: 1.15 }, 'pass', 1.1],
    [{ metric: 'cpu_ns_per_op', against: 'limit', quotientMax: 1.05 }, 'missed', 1.1],
    [{ valueMin: 30 }, 'pass', 30],
    [{ valueMin: 31 }, 'missed', 30],
    [{ metric: 'cpu_ns_per_op', valueMax: 11 }, 'pass', 11],
    [{ metric: 'cpu_ns_per_op', valueMax: 10 }, 'missed', 11],
  ])('%j is %s', (definition, verdict, value) => {
    const [result] = numbers(evaluate([check(definition)]));
    expect(result.verdict).toBe(verdict);
    expect(result.value).toBeCloseTo(value, 9);
  });

  it('are not judged in a quick run, below five rounds, or without an arm; each with its reason', () => {
    const definition = check({ against: 'baseline', ratioMin: 100 });
    expect(numbers(evaluate([definition], { notJudged: 'a quick run' }))[0]).toMatchObject({
      verdict: 'not-measurable',
      reason: 'a quick run',
      value: expect.closeTo(3, 9),
    });
    const few = { native: sampleArm({ throughput_ops_per_s: [30, 30] }), baseline };
    expect(numbers(evaluate([definition], {}, few))[0].reason).toMatch(/2 rounds; numbers are judged from 5/);
    const absent = { absentArms: { baseline: 'not built' } };
    expect(numbers(evaluate([definition], absent, { native }))[0]).toMatchObject({
      verdict: 'not-measurable',
      reason: 'not built',
      value: null,
    });
  });

  it('ask for the least messages per session of every arm', () => {
    const slow = { native, baseline: { ...baseline, messagesPerSessionMin: 640 } };
    const [result] = numbers(evaluate([], { messagesPerSessionMin: 1000 }, slow));
    expect(result).toMatchObject({
      verdict: 'missed',
      value: 640,
      limit: 1000,
      reason: 'baseline has the least',
    });
  });
});

describe('correctness checks', () => {
  it('pass for every arm with a clean ledger and no errors', () => {
    const all = correctness(evaluate([]));
    expect(all).toHaveLength(6);
    expect(new Set(all.map((each) => each.verdict))).toEqual(new Set(['pass']));
  });

  it.each([
    'lost',
    'duplicated',
    'reordered',
    'corrupted',
    'droppedCounted',
    'unacknowledgedAtClose',
  ] as const)('fail for one message %s, also in a quick run, and for a negative loss', (key) => {
    for (const count of key === 'lost' ? [1, -1] : [1]) {
      const faulty = { ...baseline, ledger: { ...baseline.ledger, [key]: count } };
      const results = evaluate([], { notJudged: 'a quick run' }, { native, baseline: faulty });
      expect(results.filter((each) => each.verdict === 'fail')).toEqual([
        expect.objectContaining({ id: 'ledger-baseline', value: 1, reason: `${key} ${count} of 10 sent` }),
      ]);
    }
  });

  it('allow what sessions had out that the load has cut, and no more', () => {
    const ledger = { ...baseline.ledger, sent: 13, unacknowledgedAtClose: 3 };
    const faultsWith = (unacknowledged: number) =>
      correctness(
        evaluate([], {}, { native: { ...native, ledger, killed: { sessions: 2, unacknowledged } } }),
      ).find((each) => each.id === 'ledger-native');
    expect(faultsWith(3)).toMatchObject({ value: 0, verdict: 'pass' });
    expect(faultsWith(2)).toMatchObject({ value: 1, verdict: 'fail' });
    expect(faultsWith(4)).toMatchObject({ value: 1, verdict: 'fail' });
  });

  it('fail for an error, with its code', () => {
    const errors = [{ round: 2, code: 'ERR_GENERATOR_REPLY_TIMEOUT', message: 'm' }];
    const failed = correctness(evaluate([], {}, { native: { ...native, errors } })).filter(
      (c) => c.verdict === 'fail',
    );
    expect(failed[0]).toMatchObject({
      id: 'errors-native',
      reason: 'round 3: ERR_GENERATOR_REPLY_TIMEOUT: m',
    });
  });
});

describe('the verdict', () => {
  const none = { strict: false, quick: false, failure: null, further: [] };
  function judged(
    checks: CheckRecord[],
    judgement: Partial<typeof none> | object = {},
    changes: Partial<RunRecord> = {},
  ) {
    const record = sampleRecord({ tcp: sampleCase({ native, baseline }) }, { checks, ...changes });
    judge(record, { ...none, ...judgement });
    return record;
  }
  const missed = numbers(evaluate([check({ against: 'baseline', ratioMin: 100 })]));
  const failed = correctness(
    evaluate([], {}, { native: { ...native, ledger: { ...native.ledger, lost: 1 } } }),
  );

  it('leaves exit 0 for a missed number, and 6 with --strict', () => {
    expect(judged(missed)).toMatchObject({
      verdict: 'pass',
      exitCode: 0,
      reasons: ['1 of 1 numbers missed'],
    });
    expect(judged(missed, { strict: true })).toMatchObject({ verdict: 'fail', exitCode: 6 });
  });

  it('is 6 for a correctness check, without --strict and in a quick run', () => {
    expect(judged(failed, { quick: true })).toMatchObject({ verdict: 'fail', exitCode: 6 });
  });

  it('is 1 when the run failed or nothing could be measured', () => {
    expect(judged([], { failure: new Error('the generator died') })).toMatchObject({ exitCode: 1 });
    const nothing = { tcp: sampleCase({}, { status: 'not-measurable', reason: 'no arm' }) };
    expect(judged([], {}, { cases: nothing })).toMatchObject({
      exitCode: 1,
      reasons: ['nothing could be measured: tcp: no arm'],
    });
  });

  it('is 130 and inconclusive when interrupted, whatever else happened', () => {
    expect(judged(failed, { failure: new Error('x') }, { interrupted: true })).toMatchObject({
      verdict: 'inconclusive',
      exitCode: 130,
    });
  });

  it('takes regressions and baselines into account', () => {
    const regression = { code: EXIT.regression, reason: 'slower' };
    expect(judged([], { further: [regression] })).toMatchObject({
      exitCode: 3,
      verdict: 'fail',
      reasons: ['slower'],
    });
    expect(judged(failed, { further: [regression] })).toMatchObject({ exitCode: 6 });
  });

  it('has the documented precedence', () => {
    const order = [130, 2, 1, 5, 6, 3, 4, 0] as const;
    for (const [index, code] of order.entries()) {
      expect(strongest(order.slice(index).toReversed())).toBe(code);
    }
    expect(strongest([])).toBe(0);
  });

  it('is one sentence', () => {
    const record = judged([]);
    record.comparisons = compareCases(record.cases, createRandom(1));
    expect(verdictSentence(record)).toBe(
      'sample: native serves 3.00× [3.00, 3.00] the baseline; no message lost; pass',
    );
  });
});
