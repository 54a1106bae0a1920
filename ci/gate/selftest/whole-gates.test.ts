import { describe, expect, it } from 'vitest';
import { bankPlan, faultsIn, unitsOf } from './bank-units.js';
import { BANK_METRICS, bankHeader, bankInvocation, sampleStretch } from './testing/sample-bank.js';
import { playGates } from './whole-gates.js';

const plan = bankPlan(BANK_METRICS);
const verdicts = (...stretch: Parameters<typeof sampleStretch>) =>
  playGates(sampleStretch(...stretch), plan).whole.map(({ verdict, invocations }) => [verdict, invocations]);

describe('whole gates of a stretch', () => {
  it('are disjoint, as many as it holds, and leave over what is no gate', () => {
    expect(verdicts({}, 40, { deviation: 0.005 })).toEqual([
      ['pass', 12],
      ['pass', 12],
      ['pass', 12],
    ]);
    expect(verdicts({}, 11)).toEqual([]);
  });

  it('fail by a slowdown, and are not centred: twice the limit in every invocation is no noise', () => {
    // Twelve units cannot show as much as four metrics ask for: suspected at the second look, and confirmed.
    expect(verdicts({}, 96, { slowdown: 10 })).toEqual([
      ['fail', 48],
      ['fail', 48],
    ]);
    // Swapped arms: what was slower is faster, and no gate fails.
    expect(verdicts({}, 72, { slowdown: -10 }).every(([verdict]) => verdict === 'pass')).toBe(true);
  });

  it('are inconclusive by what a gate would object to: preflight, control, drops', () => {
    const inconclusive = (...stretch: Parameters<typeof sampleStretch>) => {
      const gates = verdicts(...stretch);
      expect(gates.length).toBeGreaterThan(0);
      expect(gates.every(([verdict]) => verdict === 'inconclusive')).toBe(true);
    };
    inconclusive({ objections: ['too noisy'] }, 24, {});
    inconclusive({}, 24, { controlSlowdown: 10 });
    inconclusive({}, 24, { dropped: 21 });
    expect(verdicts({}, 12, { dropped: 5, deviation: 0.005 })).toEqual([['pass', 12]]);
  });

  it('are inconclusive by what the preflight said last before they began', () => {
    const { header, invocations } = sampleStretch({}, 36, { deviation: 0.005 });
    invocations[12].objections = ['too noisy'];
    invocations[24].objections = [];
    // In the middle of a gate it was not asked.
    invocations[30].objections = ['too noisy'];
    const { whole } = playGates({ header, invocations, end: null }, plan);
    expect(whole.map(({ verdict }) => verdict)).toEqual(['pass', 'inconclusive', 'pass']);
  });

  it('say where a stretch ended before a gate did, though not before its first look', () => {
    const left = (...stretch: Parameters<typeof sampleStretch>) => playGates(sampleStretch(...stretch), plan);
    expect(left({}, 40, { slowdown: 10 })).toEqual({ whole: [], unfinished: true });
    expect(left({}, 40, { deviation: 0.005 }).unfinished).toBe(false);
  });

  it('end, as a gate does, where invocation after invocation has too few blocks left', () => {
    expect(verdicts({}, 26, { dropped: 8 })).toEqual([['inconclusive', 25]]);
  });

  it('end at once by a fault: one of the candidate alone fails, any other is inconclusive', () => {
    const failure = (arm: 'base' | 'candidate' | null, more: object = {}) => ({
      ...{ arm, code: 'ERR_X', message: 'gone' },
      ...more,
    });
    expect(verdicts({}, 1, { lost: 300, lostByBase: 1 })).toEqual([['inconclusive', 1]]);
    for (const more of [{ others: ['base'] }, { disturbance: 'it was stopped' }]) {
      expect(verdicts({}, 1, { failure: failure('candidate', more) })).toEqual([['inconclusive', 1]]);
    }
    expect(verdicts({}, 1, { lost: 1 })).toEqual([['fail', 1]]);
    expect(verdicts({}, 1, { failure: failure('candidate') })).toEqual([['fail', 1]]);
    expect(verdicts({}, 1, { failure: failure('base') })).toEqual([['inconclusive', 1]]);
    expect(verdicts({}, 1, { failure: failure(null) })).toEqual([['inconclusive', 1]]);
  });
});

describe('the units of a bank', () => {
  it('are the medians of the kept blocks, and turn their sign with the arms', () => {
    const line = bankInvocation(0, {});
    const swapped = {
      ...line,
      ratios: { ...line.ratios, candidate: line.ratios.candidate.map((each) => each.map((step) => -step)) },
    };
    const units = unitsOf(bankHeader(), line, 'candidate');
    const mirrored = unitsOf(bankHeader(), swapped, 'candidate');
    expect(Object.keys(units ?? {})).toEqual(plan.metrics.map(({ name }) => name));
    for (const [name, unit] of Object.entries(units ?? {})) {
      expect(mirrored?.[name]).toBe(-unit);
      const steps = line.ratios.candidate[plan.metrics.findIndex((metric) => metric.name === name)];
      expect(unit).toBeCloseTo([...steps].sort((left, right) => left - right)[7] * 1e-5, 12);
    }
  });

  it('are those of the gate: none where less than half of the blocks are left', () => {
    expect(unitsOf(bankHeader(), bankInvocation(0, { dropped: 7 }), 'candidate')).not.toBeNull();
    expect(unitsOf(bankHeader(), bankInvocation(0, { dropped: 8 }), 'candidate')).toBeNull();
    expect(unitsOf(bankHeader(), bankInvocation(0, {}), 'control')).toBeNull();
    expect(unitsOf(bankHeader(), bankInvocation(0, { control: true }), 'control')).not.toBeNull();
  });

  it('are the one log ratio of what is counted', () => {
    const metrics = [{ ...BANK_METRICS[0], kind: 'tally' as const }];
    const line = { ...bankInvocation(0, {}), ratios: { candidate: [[500]], control: null } };
    expect(Object.values(unitsOf({ metrics, blocks: 15 }, line, 'candidate') ?? {})).toEqual([
      expect.closeTo(0.005, 12),
    ]);
  });

  it('know whose fault it was, and of which kind', () => {
    expect(faultsIn(bankInvocation(0, {}))).toEqual([]);
    const line = bankInvocation(0, { lost: 1 });
    expect(faultsIn(line)).toEqual([{ arm: 'candidate', kind: 'lost' }]);
    line.ledgers.base = [1_000, 1_000, 0, 0, 2, 1];
    expect(faultsIn(line)).toEqual([
      { arm: 'base', kind: 'corrupted' },
      { arm: 'base', kind: 'otherFaults' },
      { arm: 'candidate', kind: 'lost' },
    ]);
  });
});
