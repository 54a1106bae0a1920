import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../scenarios/harness/record.js';
import { fixtureRecord } from '../testing/record-fixture.js';
import { failedLedger, interrupted } from '../testing/record-variants.js';
import { soakFixture } from '../testing/soak-fixture.js';
import { comparableRuns, leftInWords } from './comparable-runs.js';
import { type RunSummary, summaryOf } from './run-summary.js';

const record = fixtureRecord({ rounds: 2, blocksPerRound: 2 });
const soak = soakFixture();
const run = (changes: Partial<RunRecord> = {}): RunSummary => summaryOf({ ...record, ...changes });
const machine = (fingerprint: string) => ({ machine: { ...record.machine, fingerprint } });

/** Why each run is left out, null where it is drawn. */
function reasons(...runs: RunSummary[]): (string | null)[] {
  const { drawn, left } = comparableRuns(runs);
  return runs.map((each) => (drawn.includes(each) ? null : (left.get(each) ?? 'alone')));
}

describe('runs that a course is drawn of', () => {
  it.each<[string, Partial<RunRecord>]>([
    ['quick', { options: { quick: true } }],
    ['profiled', { options: { quick: false, profile: 'flame' } }],
    ['interrupted', { ...interrupted() }],
    ['not correct', { ...failedLedger() }],
    ['built from a changed tree', { build: { ...record.build, dirty: true } }],
    ['of another machine', machine('another')],
    ['of another version of the scenario', { scenarioHash: 'another' }],
    ['against another version of the baseline', { build: { ...record.build, baselineHash: 'another' } }],
    // That it is found makes the run fail.
    ['with a leak planted', { ...failedLedger(), soak: soak.soak! }],
    ['still running', { soak: { ...soak.soak!, plant: null, running: true } }],
    ['of another length', { soak: { ...soak.soak!, plant: null } }],
  ])('are without one that is %s', (why, changes) => {
    expect(reasons(run(), run(changes), run())).toEqual([null, why, null]);
  });

  it('are those of the newest run that has an earlier one like it', () => {
    const here = () => run(machine('here'));
    const there = () => run(machine('there'));
    const other = 'of another machine';
    expect(reasons(there(), here(), there(), here())).toEqual([other, null, other, null]);
    // The newest is alone on its machine so far.
    expect(reasons(here(), here(), there())).toEqual([null, null, other]);
    expect(reasons(here(), there())).toEqual([other, 'alone']);
    expect(reasons(run({ options: { quick: true } }), here())).toEqual(['quick', 'alone']);
    expect(comparableRuns([]).drawn).toEqual([]);
  });

  it('are told from the others by number and reason, the most frequent first', () => {
    const quick = () => run({ options: { quick: true } });
    const { left } = comparableRuns([quick(), run(), run(machine('another')), run(), quick()]);
    expect(leftInWords(left)).toBe('2 quick, 1 of another machine');
  });
});
