import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../scenarios/harness/statistics/random.js';
import { clopperPearson } from './clopper-pearson.js';
import { counterLogRatio } from './counter.js';
import { drawNormal } from './draw-normal.js';
import { decideGate, type InvocationUnits } from './gate-decision.js';
import { gatePlan } from './gate-plan.js';

const PLAN = gatePlan([{ name: 'copies', kind: 'counter', limitPercent: 5 }]);
const NOT_COUNTED: InvocationUnits = {};
type Counts = readonly [base: number, candidate: number];

/** As many invocations as the last look takes, these in turn. */
function decide(...counts: Counts[]) {
  const units = counts.map(([base, candidate]) => ({ copies: counterLogRatio(base, candidate) }));
  return decideGate(
    PLAN,
    Array.from({ length: 12 }, (_, index) => units[index % units.length]),
  );
}

describe('a count without noise', () => {
  it('waits for four invocations, and then decides', () => {
    expect(decideGate(PLAN, [{ copies: 0 }])).toMatchObject({ phase: 'looking', invocationsWanted: 4 });
    expect(decide([100, 100])).toMatchObject({ phase: 'decided', verdict: 'pass', invocations: 4 });
  });

  it('fails at the limit to the last digit, not below it', () => {
    expect(decide([100, 105], [200, 210])).toMatchObject({ verdict: 'fail', invocations: 4 });
    expect(decide([100, 104.9], [200, 209.8])).toMatchObject({ verdict: 'pass', invocations: 4 });
  });

  it('is an improvement when it falls, and mirrors: 100 to 105 is 5 %, so is 105 to 100', () => {
    const better = decide([105, 100]);
    expect(better.verdict).toBe('pass');
    expect(better.metrics[0].faster.finding).toBe('confirmed');
    expect(better.reasons[1]).toMatch(/5\.00 % less, 5 % or more in 4 of 4 invocations/);
  });

  it('that was 0 fails when it is not any more, and 0 against 0 is no change', () => {
    const risen = decide([0, 1]);
    expect(risen).toMatchObject({ verdict: 'fail', invocations: 4 });
    expect(risen.reasons[0]).toMatch(/without bound \(from 0\)/);
    expect(decide([0, 0]).verdict).toBe('pass');
    expect(decide([1, 0]).metrics[0].faster.finding).toBe('confirmed');
  });

  it('is none where single messages took another way', () => {
    expect(counterLogRatio(0, 0.0009, 0.001)).toBe(0);
    expect(counterLogRatio(0, 0.002, 0.001)).toBe(Infinity);
    expect(counterLogRatio(1, 1.0011, 0.001)).toBeCloseTo(0.0011, 5);
  });
});

describe('a count with noise', () => {
  const high: Counts = [100, 130];
  const even: Counts = [100, 100];

  it('goes on to the last look, and is decided by the share of invocations that reach L', () => {
    const first = [high, even, even, even].map(([base, other]) => ({ copies: counterLogRatio(base, other) }));
    expect(decideGate(PLAN, first)).toMatchObject({ phase: 'looking', invocationsWanted: 12 });
    expect(decide(high, even)).toMatchObject({ verdict: 'pass', invocations: 12 });
    const failed = decide(high, high, high, even);
    expect(failed).toMatchObject({ verdict: 'fail', invocations: 12 });
    expect(failed.reasons[0]).toMatch(/copies: 30\.00 % more, 5 % or more in 9 of 12 invocations/);
    const between = decide(high, high, even);
    expect(between).toMatchObject({ verdict: 'inconclusive', invocations: 12 });
    expect(between.reasons[0]).toMatch(/8 of 12 invocations: neither three quarters nor about half/);
  });

  it('does not fail a gate early though four invocations reach L, each by another amount', () => {
    const [four, rest] = [[130, 150, 140, 160], [100]];
    const units = [...four, ...new Array(8).fill(rest[0])].map((each) => ({
      copies: counterLogRatio(100, each),
    }));
    expect(decideGate(PLAN, units)).toMatchObject({ verdict: 'pass', invocations: 12 });
  });

  it('is decided by the invocations that counted it, and not by too few of them', () => {
    const of = (counted: number) =>
      decideGate(
        PLAN,
        Array.from({ length: 12 }, (_, index) =>
          index < 12 - counted ? NOT_COUNTED : { copies: Math.log(1.3) },
        ),
      );
    expect(of(9)).toMatchObject({ verdict: 'fail', invocations: 12 });
    expect(of(7).verdict).toBe('inconclusive');
    expect(of(7).reasons[0]).toMatch(/in 7 of 7 invocations, and not counted in 5: too few/);
  });

  it('of an unchanged build leaves the gate alone: simulated, one in two hundred at most', () => {
    const gates = Number(process.env.MSGTRANS_GATE_SIMULATIONS ?? 4_000);
    const memory = gatePlan([{ name: 'memory', kind: 'counter', limitPercent: 25 }]);
    /** Of 500 bytes by normal noise, and with a step of 524 by chance, which hits each arm as often. */
    const share = (deviation: number, stepChance: number, ratio: number, seed: number): number => {
      const random = createRandom(seed);
      const arm = (): number =>
        500 * Math.exp((deviation / Math.SQRT2) * drawNormal(random)) +
        (random.below(1_000) < 1_000 * stepChance ? 524 : 0);
      const verdicts = { pass: 0, fail: 0, inconclusive: 0 };
      for (let gate = 0; gate < gates; gate++) {
        const units = Array.from({ length: 12 }, () => ({ memory: counterLogRatio(arm(), ratio * arm()) }));
        verdicts[decideGate(memory, units).verdict ?? 'inconclusive']++;
      }
      if (process.env.MSGTRANS_GATE_SIMULATIONS !== undefined) {
        const [low, high] = clopperPearson(gates - verdicts.pass, gates).map((each) =>
          (100 * each).toFixed(2),
        );
        console.log(
          `deviation ${deviation}, step ${stepChance}, true ratio ${ratio}: ${JSON.stringify(verdicts)}, ` +
            `not passed ${low} to ${high} %`,
        );
      }
      return ratio === 1 ? 1 - verdicts.pass / gates : verdicts.fail / gates;
    };
    const most = 0.005 + 3 * Math.sqrt(0.005 / gates);
    expect(share(0.08, 0, 1, 80)).toBeLessThanOrEqual(most);
    expect(share(0.2, 0, 1, 81)).toBeLessThanOrEqual(most);
    expect(share(0.05, 0.5, 1, 82)).toBeLessThanOrEqual(most);
    expect(share(0.08, 0, 1.5, 83)).toBeGreaterThan(0.99);
  }, 60_000);
});
