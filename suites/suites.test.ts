import { describe, expect, it } from 'vitest';
import { METRIC_NAMES } from '../scenarios/harness/metrics.js';
import { readPressure } from '../scenarios/harness/pressure.js';
import { SILENT } from '../scenarios/harness/progress.js';
import { loopsAddon } from './harness/loop-arm.js';
import { measureSuite } from './harness/suite-run.js';
import { SUITES } from './registry.js';

/** Every suite as it is, in small: what it measures works, and gives right results. How fast is nobody's concern here. */

const TINY = { rounds: 1, blocks: 1, windowNs: 0.6e6, jobShare: 0.002 };
const SEED = 7;

describe.each(SUITES)('suite $name', (suite) => {
  it('names its cases and arms once, and asks for numbers of arms it has', () => {
    const names = suite.cases.map((each) => each.name);
    expect(new Set(names).size).toBe(names.length);
    for (const { arms, targets = [] } of suite.cases) {
      const armNames = arms.map((arm) => arm.name);
      expect(new Set(armNames).size).toBe(armNames.length);
      expect(new Set(targets.map((target) => target.id)).size).toBe(targets.length);
      for (const { arm, against, metric } of targets) {
        expect(armNames).toContain(arm);
        if (against !== undefined) expect(armNames).toContain(against);
        expect(METRIC_NAMES).toContain(metric);
      }
    }
  });

  it.each(suite.cases)('$name runs without a wrong result', async (body) => {
    const samples = await measureSuite({
      cases: [body],
      effort: TINY,
      seed: SEED,
      signal: new AbortController().signal,
      progress: SILENT,
      readPressure,
    });
    const measured = samples.cases.get(body.name);
    for (const { name } of body.arms) {
      const absence = measured?.absentArms[name];
      if (absence !== undefined) {
        expect(absence, name).toMatch(/\w/);
        continue;
      }
      const arm = measured?.arms.get(name);
      expect(arm?.errors, `${name}, seed ${SEED}`).toEqual([]);
      expect(arm?.unmeasuredFaults, `${name}, seed ${SEED}`).toBe(0);
      const windows = arm?.rounds.flatMap((round) => round.windows) ?? [];
      expect(windows, name).toHaveLength(body.job === undefined ? 2 : 1);
      for (const window of windows) {
        expect(window.faults, `${name}, seed ${SEED}`).toBe(0);
        expect(window.operations).toBeGreaterThan(0);
        expect(window.nanosecondsPerOperation).toBeGreaterThan(0);
      }
    }
  });
});

describe('the loops', () => {
  it('belong to a suite, each of them, but for the one that scenarios divide by', () => {
    const known = [...SUITES.map((suite) => suite.name), 'alu'];
    for (const name of loopsAddon().names()) expect(known, name).toContain(name.split('/')[0]);
  });

  it('let other numbers of threads share the same memory, and tell the processor time of all', () => {
    for (const name of ['session-directory/read/native', 'lock-free-map/mix/native', 'alu/steps/limit']) {
      const loop = loopsAddon().make(name, { sessions: 1_000, keys: 1_000, writes: 0, threads: 1 });
      if (typeof loop === 'string') throw new Error(loop);
      expect(loop.run(20_000), name).toMatchObject({ faults: 0, threads: 1 });
      loop.useThreads(3);
      const shared = loop.run(20_000);
      expect(shared, name).toMatchObject({ faults: 0, threads: 3, operations: 20_001 });
      expect(shared.cpuNanoseconds, name).toBeGreaterThan(0);
      expect(() => loop.useThreads(0)).toThrow(/1 to 256/);
      loop.release();
      expect(() => loop.useThreads(1)).toThrow(/released/);
    }
    const fixed = loopsAddon().make('lock-free-map/insert/native', { threads: 1 });
    if (typeof fixed === 'string') throw new Error(fixed);
    expect(() => fixed.useThreads(2)).toThrow(/keeps its number of threads/);
    fixed.release();
  });

  it('refuse a parameter that is missing or no whole number', () => {
    const { make } = loopsAddon();
    const name = 'session-directory/read/native';
    expect(() => make(name, { sessions: 10 })).toThrow(/needs a parameter named threads/);
    expect(() => make(name, { sessions: 10, threads: 0.5 })).toThrow(/threads must be a whole number/);
    expect(() => make('no/such/loop', {})).toThrow(/no loop is named/);
  });

  it('can no longer run when released', () => {
    const loop = loopsAddon().make('session-directory/read/native', { sessions: 100, threads: 1 });
    if (typeof loop === 'string') throw new Error(loop);
    expect(loop.run(1_000)).toMatchObject({ faults: 0, threads: 1 });
    loop.release();
    expect(() => loop.run(1)).toThrow(/released/);
  });
});
