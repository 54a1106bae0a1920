import { describe, expect, it } from 'vitest';
import type { BlockFate } from './dropped-blocks.js';
import { decideGate } from './gate-decision.js';
import { concludeGate } from './gate-outcome.js';
import { gatePlan, logLimit } from './gate-plan.js';
import { RATE_PLAN, rateUnits, simulatedNormal } from './testing/simulated-units.js';

const QUIET_CONTROL = rateUnits(simulatedNormal(6, 1, 0.0125));
const SUSPECT_CONTROL = rateUnits(simulatedNormal(6, 1, 0.002, logLimit(6)));
const UNITS = rateUnits(simulatedNormal(12, 3, 0.0125));
const failed = decideGate(RATE_PLAN, rateUnits(simulatedNormal(120, 2, 0.0125, logLimit(6))));
const passed = decideGate(RATE_PLAN, rateUnits(simulatedNormal(120, 2, 0.0125)));
const block = (dropped: boolean): BlockFate => ({
  ...{ side: 'candidate', first: 'base', compared: false },
  dropped,
});

describe('concludeGate', () => {
  it('keeps the decision when nothing speaks against it', () => {
    const evidence = { units: UNITS, control: QUIET_CONTROL, blocks: [block(false), block(false)] };
    expect(concludeGate(RATE_PLAN, failed, evidence)).toMatchObject({
      verdict: 'fail',
      reasons: failed.reasons,
    });
    expect(concludeGate(RATE_PLAN, passed, evidence).verdict).toBe('pass');
  });

  it.each([
    ['a suspect control', { control: SUSPECT_CONTROL, blocks: [] }, /differs from itself/],
    [
      'dropped blocks',
      { control: QUIET_CONTROL, blocks: [block(true), block(false)] },
      /1 of 2 blocks were dropped/,
    ],
    ['the preflight', { control: [], blocks: [], objections: ['the clock jumps'] }, /the clock jumps/],
  ])('is inconclusive by %s, with that reason first', (_name, evidence, reason) => {
    for (const decision of [failed, passed]) {
      const outcome = concludeGate(RATE_PLAN, decision, { units: UNITS, ...evidence });
      expect(outcome.verdict).toBe('inconclusive');
      expect(outcome.reasons[0]).toMatch(reason);
      expect(outcome.reasons.slice(1)).toEqual(decision.reasons);
    }
  });

  it('lets a failed counter stand on any machine', () => {
    const plan = gatePlan([...RATE_PLAN.metrics, { name: 'copies', kind: 'counter', limitPercent: 5 }]);
    const units = [0, 1, 2, 3].map(() => ({ rate: 0, copies: Math.log(2) }));
    const outcome = concludeGate(plan, decideGate(plan, units), {
      units: UNITS,
      control: SUSPECT_CONTROL,
      blocks: [],
    });
    expect(outcome.verdict).toBe('fail');
    expect(outcome.reasons[0]).toMatch(/copies: 100\.00 %/);
  });

  it('calls an undecided gate inconclusive', () => {
    const open = decideGate(RATE_PLAN, []);
    expect(concludeGate(RATE_PLAN, open, { units: [], control: [], blocks: [] }).verdict).toBe(
      'inconclusive',
    );
  });
});
