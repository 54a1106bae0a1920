import { describe, expect, it } from 'vitest';
import { counterLogRatio } from './counter.js';
import { decideGate } from './gate-decision.js';
import { gatePlan } from './gate-plan.js';

const PLAN = gatePlan([{ name: 'copies', kind: 'counter', limitPercent: 5 }]);

function verdictOf(first: [number, number], second: [number, number]) {
  return decideGate(
    PLAN,
    [first, second].map(([base, candidate]) => ({ copies: counterLogRatio(base, candidate) })),
  );
}

describe('a counter', () => {
  it('waits for two invocations, and then decides', () => {
    expect(decideGate(PLAN, [{ copies: 0 }])).toMatchObject({ phase: 'looking', invocationsWanted: 2 });
    expect(verdictOf([100, 100], [100, 100])).toMatchObject({
      phase: 'decided',
      verdict: 'pass',
      invocations: 2,
    });
  });

  it('fails at the limit to the last digit, not below it', () => {
    expect(verdictOf([100, 105], [200, 210]).verdict).toBe('fail');
    expect(verdictOf([100, 104.9], [200, 209.8]).verdict).toBe('pass');
  });

  it('has noise when its invocations disagree, and decides nothing', () => {
    const state = verdictOf([100, 110], [100, 100]);
    expect(state.verdict).toBe('inconclusive');
    expect(state.reasons[0]).toMatch(/copies: the invocations disagree \(10\.00 % and 0\.00 % more/);
  });

  it('is an improvement when it falls, and mirrors: 100 to 105 is 5 %, so is 105 to 100', () => {
    const better = verdictOf([105, 100], [105, 100]);
    expect(better.verdict).toBe('pass');
    expect(better.metrics[0].faster.finding).toBe('confirmed');
    expect(better.reasons[1]).toMatch(/5\.00 % and 5\.00 % less/);
  });

  it('that was 0 fails when it is not any more, and 0 against 0 is no change', () => {
    const risen = verdictOf([0, 1], [0, 1]);
    expect(risen.verdict).toBe('fail');
    expect(risen.reasons[0]).toMatch(/without bound \(from 0\)/);
    expect(verdictOf([0, 0], [0, 0]).verdict).toBe('pass');
    expect(verdictOf([1, 0], [1, 0]).metrics[0].faster.finding).toBe('confirmed');
  });
});
