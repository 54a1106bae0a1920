import { describe, expect, it } from 'vitest';
import { decideGate, GateDecision, type InvocationUnits } from './gate-decision.js';
import { gatePlan } from './gate-plan.js';
import { RATE_PLAN, rateUnits, simulatedNormal } from './testing/simulated-units.js';

/** Units that lie symmetrically about a slowdown, in a fixed order that has no trend. */
function about(percent: number, count: number, spreadPercent = 0.2): number[] {
  const centre = Math.log1p(percent / 100);
  return Array.from(
    { length: count },
    (_, index) => centre + (spreadPercent / 100) * Math.sin(2.4 * index + 1),
  );
}

const rate = (percent: number, count = 120): InvocationUnits[] => rateUnits(about(percent, count));

describe('the looks', () => {
  it('wait for 12 invocations, whatever the first say', () => {
    const state = decideGate(RATE_PLAN, rate(40, 11));
    expect(state).toMatchObject({
      phase: 'looking',
      verdict: null,
      invocations: 11,
      invocationsWanted: 12,
      openFor: 'slowdown',
    });
  });

  it('pass at the first one when the upper bound is below 0.9 L', () => {
    const state = decideGate(RATE_PLAN, rate(0));
    expect(state).toMatchObject({ phase: 'decided', verdict: 'pass', invocations: 12 });
    expect(state.reasons).toEqual([state.metrics[0].slower.reason]);
    expect(state.reasons[0]).toMatch(/^rate: -?0\.\d\d % slower after 12 invocations \(.*\): below 4\.5 %$/);
  });

  it('suspect when the lower bound is above 0.7 L, and ask for 24 fresh invocations', () => {
    const state = decideGate(RATE_PLAN, rate(6, 12));
    expect(state).toMatchObject({
      phase: 'confirming',
      verdict: null,
      invocationsWanted: 36,
      openFor: 'slowdown',
    });
    expect(state.metrics[0].slower.finding).toBe('suspect');
    expect(state.reasons[0]).toMatch(/: above 3\.5 %$/);
  });

  it('go on while neither is shown', () => {
    const units = rateUnits(simulatedNormal(96, 3, 0.02, Math.log1p(0.04)));
    for (const [count, wanted] of [
      [12, 24],
      [24, 48],
      [48, 96],
    ]) {
      expect(decideGate(RATE_PLAN, units.slice(0, count))).toMatchObject({
        phase: 'looking',
        invocationsWanted: wanted,
      });
    }
  });

  it('suspect at the last one by the estimate alone, above 0.85 L', () => {
    const noisy = (percent: number): InvocationUnits[] => rateUnits(about(percent, 96, 12));
    const state = decideGate(RATE_PLAN, noisy(4.6));
    expect(state).toMatchObject({ phase: 'confirming', invocationsWanted: 120 });
    expect(state.reasons[0]).toMatch(/last look's estimate is above 4\.25 %/);
    expect(decideGate(RATE_PLAN, noisy(3.9)).phase).toBe('decided');
  });

  it('end inconclusive when the last one does not exclude L, and pass when it does', () => {
    const wide = decideGate(RATE_PLAN, rateUnits(about(3.9, 96, 12)));
    expect(wide).toMatchObject({ verdict: 'inconclusive', invocations: 96 });
    expect(wide.reasons[0]).toMatch(/too noisy, the last look does not exclude the limit of 5 %/);
    const between = decideGate(RATE_PLAN, rateUnits(about(3.9, 96, 4)));
    expect(between).toMatchObject({ verdict: 'pass', invocations: 96 });
    expect(between.reasons[0]).toMatch(/below the limit of 5 % at the last look/);
  });
});

describe('the confirmation', () => {
  it('fails when fresh units and all together say it', () => {
    const state = decideGate(RATE_PLAN, rate(6, 36));
    expect(state).toMatchObject({ phase: 'decided', verdict: 'fail', invocations: 36 });
    expect(state.metrics[0].slower).toMatchObject({
      finding: 'confirmed',
      confirmation: { freshInvocations: 24, pooledInvocations: 36 },
    });
    expect(state.reasons[0]).toMatch(
      /confirmed: 24 fresh invocations say (5\.9|6\.0)\d % \(above 3 % needed\)/,
    );
  });

  it('is inconclusive when the fresh ones do not say it', () => {
    const state = decideGate(RATE_PLAN, [...rate(6, 12), ...rate(2.8, 24)]);
    expect(state.verdict).toBe('inconclusive');
    expect(state.metrics[0].slower.finding).toBe('unconfirmed');
    expect(state.reasons[0]).toMatch(/not confirmed: 24 fresh invocations say 2\.\d\d %/);
  });

  it('is inconclusive when the fresh ones say it, but all together do not show 0.7 L', () => {
    const state = decideGate(RATE_PLAN, [...rate(3.9, 12), ...rateUnits(about(3.2, 24, 6))]);
    expect(state.metrics[0].slower.confirmation?.freshEstimatePercent).toBeGreaterThan(3);
    expect(state.verdict).toBe('inconclusive');
  });
});

describe('improvements', () => {
  it('are confirmed in the same way, and pass', () => {
    const faster = rateUnits(about(6, 36).map((unit) => -unit));
    expect(decideGate(RATE_PLAN, faster.slice(0, 12))).toMatchObject({
      phase: 'confirming',
      openFor: 'improvement',
    });
    const state = decideGate(RATE_PLAN, faster);
    expect(state).toMatchObject({ verdict: 'pass', invocations: 36 });
    expect(state.metrics[0].faster.finding).toBe('confirmed');
    expect(state.reasons[1]).toMatch(/rate: [56]\.\d\d % faster, confirmed/);
  });

  it('leave a gate that runs out of time passed, when no slowdown is open', () => {
    const gate = new GateDecision(RATE_PLAN);
    for (const units of rateUnits(about(6, 30).map((unit) => -unit))) gate.add(units);
    expect(gate.end('budget')).toMatchObject({ verdict: 'pass', invocations: 30 });
  });
});

describe('several metrics', () => {
  const plan = gatePlan([
    { name: 'rate', kind: 'noisy', limitPercent: 5 },
    { name: 'p99', kind: 'noisy', limitPercent: 50 },
    { name: 'copies', kind: 'counter', limitPercent: 5 },
  ]);
  const units = (ratePercent: number, p99Percent: number, count: number, copies = 0): InvocationUnits[] => {
    const p99 = about(p99Percent, count, 2);
    return about(ratePercent, count).map((each, index) => ({ rate: each, p99: p99[index], copies }));
  };

  it('have each its own limit: 30 % passes at 50 %, 60 % fails', () => {
    expect(decideGate(plan, units(0, 30, 120)).verdict).toBe('pass');
    const state = decideGate(plan, units(0, 60, 120));
    expect(state.verdict).toBe('fail');
    expect(state.reasons).toHaveLength(1);
    expect(state.reasons[0]).toMatch(/^p99: .*above 35 % needed/);
  });

  it('pass only together', () => {
    const noisyP99 = units(0, 0, 96).map((each, index) => ({ ...each, p99: about(33, 96, 90)[index] }));
    const state = decideGate(plan, noisyP99);
    expect(state.metrics[0].slower.finding).toBe('cleared');
    expect(state.metrics[0].slower.looks).toHaveLength(1);
    expect(state.metrics[1].slower.looks).toHaveLength(4);
    expect(state.verdict).toBe('inconclusive');
  });

  it('fail at once by a counter, without waiting for the noisy ones', () => {
    const state = decideGate(plan, units(0, 0, 4, Math.log(1.2)));
    expect(state).toMatchObject({ verdict: 'fail', invocations: 4 });
  });

  it('need no counter that a later invocation leaves out', () => {
    const left = units(0, 0, 12).map(({ copies, ...rest }, index) =>
      index < 4 ? { copies, ...rest } : rest,
    );
    expect(decideGate(plan, left)).toMatchObject({ verdict: 'pass', invocations: 12 });
    expect(() => decideGate(plan, [{ rate: 0, copies: 0 }, ...left].slice(0, 4))).toThrow(/no unit for p99/);
  });

  it('do not lose a slowdown for an improvement that could be confirmed first', () => {
    const p99 = about(38, 24, 15);
    const mixed = about(-6, 24).map((each, index) => ({ rate: each, p99: p99[index], copies: 0 }));
    const state = decideGate(plan, mixed);
    expect(state.metrics[0].faster.finding).toBe('suspect');
    expect(state).toMatchObject({ phase: 'looking', openFor: 'slowdown', invocationsWanted: 48 });
  });
});

describe('GateDecision', () => {
  it('comes invocation by invocation to what all of them together give', () => {
    for (const percent of [0, 4, 6, -6]) {
      const all = rateUnits(simulatedNormal(120, 17, 0.015, Math.log1p(percent / 100)));
      const gate = new GateDecision(RATE_PLAN);
      for (const units of all) {
        if (gate.state.phase === 'decided') break;
        gate.add(units);
      }
      expect(JSON.stringify(gate.state)).toBe(JSON.stringify(decideGate(RATE_PLAN, all)));
    }
  });

  it('counts what it was fed between looks', () => {
    const gate = new GateDecision(RATE_PLAN);
    for (const [index, units] of rate(0, 11).entries()) expect(gate.add(units).invocations).toBe(index + 1);
  });

  it('ends undecided as inconclusive, with the reason, and keeps a verdict that stands', () => {
    const gate = new GateDecision(RATE_PLAN);
    for (const units of rate(6, 30)) gate.add(units);
    const ended = gate.end('budget');
    expect(ended.verdict).toBe('inconclusive');
    expect(ended.reasons.at(-1)).toMatch(
      /time budget ended.*confirmation needs 36 invocations, and there were 30/,
    );
    const failed = new GateDecision(RATE_PLAN);
    for (const units of rate(6, 36)) failed.add(units);
    expect(failed.end('interrupted').verdict).toBe('fail');
  });

  it('refuses a unit that is missing or no number, and invocations after the verdict', () => {
    const gate = new GateDecision(RATE_PLAN);
    expect(() => gate.add({})).toThrow(/invocation 1 has no unit for rate/);
    expect(() => gate.add({ rate: Number.NaN })).toThrow(/the unit NaN for rate/);
    expect(() => gate.add({ rate: Number.POSITIVE_INFINITY })).toThrow(/the unit Infinity/);
    for (const units of rate(0, 12)) gate.add(units);
    expect(() => gate.add({ rate: 0 })).toThrow(/decided \(pass after 12 invocations\)/);
  });
});
