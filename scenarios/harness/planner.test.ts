import { describe, expect, it } from 'vitest';
import { BUILT_IN_DEFAULTS, parseCaseName } from './case-parameters.js';
import { parseCommandLine, type RunOptions } from './options.js';
import { type Capabilities, planRun } from './planner.js';
import type { Scenario, ScenarioCase } from './scenario-file.js';

function scenarioCase(name: string, more: Partial<ScenarioCase> = {}): ScenarioCase {
  return {
    name,
    parameters: parseCaseName(name, BUILT_IN_DEFAULTS).parameters,
    arms: ['native', 'baseline'],
    quickArms: ['native', 'baseline'],
    quick: true,
    quickSessions: null,
    split: false,
    findSessions: false,
    messagesPerSessionMin: 1000,
    checks: [],
    ...more,
  };
}

const SCENARIO: Scenario = {
  name: 'sample',
  title: 'A sample',
  description: '',
  hash: 'h',
  defaults: BUILT_IN_DEFAULTS,
  idleMemory: { case: 'tcp', sessions: 4000, quickSessions: 1000 },
  cases: [
    scenarioCase('tcp'),
    scenarioCase('tcp/depth=16', { arms: ['native', 'native:owned', 'baseline'], quickArms: ['native'] }),
    scenarioCase('tcp/load=open,rate=20000', { quick: false }),
  ],
};

const MACHINE: Capabilities = {
  processors: [0, 1],
  descriptorsMax: 20_000,
  taskset: true,
  armProblem: () => null,
};

function options(...args: string[]): RunOptions {
  const line = parseCommandLine(['sample', ...args], 1);
  if (line.mode !== 'run') throw new Error('not a run');
  return line.options;
}

const plan = (args: string[] = [], machine: Partial<Capabilities> = {}) =>
  planRun(SCENARIO, options(...args), { ...MACHINE, ...machine });
const names = (args: string[]) => plan(args).cases.map((each) => each.name);

describe('the planner', () => {
  it('gives windows and slots the length that the file asks for, and two windows to a slot at least', () => {
    const scrape = { connections: 2, scrapesPerSecond: 10, path: '/metrics', healthPath: '/healthz' };
    const slow: Scenario = { ...SCENARIO, windowMs: 1_000, slotSeconds: 12, scrapes: { baseline: scrape } };
    const planOf = (...args: string[]) => planRun(slow, options(...args), MACHINE);
    expect(planOf()).toMatchObject({ windowNsMin: 1e9, slotNs: 12e9, scrapes: { baseline: scrape } });
    expect(planOf('--quick').slotNs).toBe(2e9);
    expect(planOf('--duration', '5s').slotNs).toBe(5e9);
    const note = 'baseline: 2 connections ask for /metrics, 10/s in all, each followed by one of /healthz';
    expect(planOf().notes.join()).toContain(note);
    expect(planOf('--arm', 'native').notes.join()).not.toContain('connections ask');
    expect(plan()).toMatchObject({ windowNsMin: undefined, slotNs: 2e9 });
  });

  it('plans 10 rounds of 2 s, and --quick 5 of 0.5 s without the cases and arms left out of it', () => {
    expect(plan()).toMatchObject({ rounds: 10, slotNs: 2e9, arms: ['native', 'baseline', 'native:owned'] });
    const quick = plan(['--quick']);
    expect(quick).toMatchObject({ rounds: 5, slotNs: 0.5e9, arms: ['native', 'baseline'] });
    expect(quick.cases.map((each) => each.name)).toEqual(['tcp', 'tcp/depth=16']);
    expect(quick.cases[1].arms).toEqual(['native']);
    expect(quick.cases[0]).toMatchObject({
      messagesPerSessionMin: 0,
      notJudged: 'a quick run does not judge numbers',
    });
    expect(quick.seconds).toBeLessThan(plan().seconds);
  });

  it('obeys --repeat and --duration', () => {
    expect(plan(['--repeat', '3', '--duration', '1s'])).toMatchObject({ rounds: 3, slotNs: 1e9 });
  });

  it('obeys --case, and names the cases when none matches', () => {
    expect(names(['--case', 'tcp/d*'])).toEqual(['tcp/depth=16']);
    expect(names(['--case', '*'])).toHaveLength(3);
    // What is asked for by its full name runs in a quick run too.
    expect(names(['--quick', '--case', 'tcp/load=open,rate=20000'])).toHaveLength(1);
    expect(() => plan(['--case', 'tcp/depth=17'])).toThrow(
      /did you mean "tcp\/depth=16"[\s\S]*tcp · tcp\/depth=16/,
    );
  });

  it('obeys --arm, and refuses one the scenario does not have', () => {
    const only = plan(['--arm', 'native:owned']);
    expect(only.arms).toEqual(['native:owned']);
    expect(only.cases[0]).toMatchObject({ arms: [], notMeasurable: 'none of its arms was asked for' });
    expect(() => plan(['--arm', 'natvie'])).toThrow(/no arm "natvie"; did you mean "native"/);
  });

  it('obeys --set: the case gets the name of what it then is, and its numbers are not judged', () => {
    const [first] = plan(['--case', 'tcp', '--set', 'sessions=200', '--set', 'depth=16']).cases;
    expect(first).toMatchObject({
      name: 'tcp/depth=16,sessions=200',
      notJudged: expect.stringMatching(/--set/),
    });
    expect(plan(['--case', 'tcp', '--set', 'sessions=1000']).cases[0].notJudged).toBeNull();
    expect(names(['--case', 'tcp*h=16', '--set', 'depth=1'])).toEqual(['tcp']);
    expect(names(['--set', 'depth=16', '--case', 'tcp'])).toEqual(['tcp/depth=16']);
    expect(() => plan(['--set', 'dpeth=2'])).toThrow(/unknown parameter "dpeth"; did you mean "depth"/);
    expect(() => plan(['--set', 'depth=2'])).toThrow(
      /depth belongs to load closed, stream; under load=open it stays 1/,
    );
    expect(() => plan(['--set', '__proto__=2'])).toThrow(/unknown parameter/);
  });

  it('marks what this machine cannot measure, with both ways out', () => {
    const tight = plan([], { descriptorsMax: 1024 });
    for (const each of tight.cases) {
      expect(each.notMeasurable).toMatch(/descriptors.*limit is 1024.*ulimit -Hn \d+.*--set sessions=\d+/);
      expect(each.arms).toEqual([]);
    }
    expect(tight.arms).toEqual([]);
    const fitting = /--set sessions=(\d+)/.exec(tight.cases[0].notMeasurable ?? '')?.[1];
    expect(
      planRun(SCENARIO, options('--case', 'tcp', '--set', `sessions=${fitting}`), {
        ...MACHINE,
        descriptorsMax: 1024,
      }).cases[0].notMeasurable,
    ).toBeNull();
  });

  it('spreads a case over processes where its file allows it, and says so', () => {
    const cases = [scenarioCase('tcp', { split: true }), scenarioCase('tcp/depth=16')];
    const spread = planRun({ ...SCENARIO, cases }, options(), { ...MACHINE, descriptorsMax: 628 });
    expect(spread.cases[0]).toMatchObject({ notMeasurable: null, processes: { servers: 2, generators: 4 } });
    expect(spread.cases[1]).toMatchObject({
      notMeasurable: expect.stringMatching(/descriptors.*ulimit.*--set.*"split: true"/),
      processes: { servers: 1, generators: 1 },
    });
    expect(spread.generators).toBe(4);
    expect(spread.servers).toEqual([
      { arm: 'native', medium: 'sockets', parts: 2 },
      { arm: 'baseline', medium: 'sockets', parts: 2 },
    ]);
    expect(spread.notes.join()).toMatch(
      /tcp: 2 server processes per arm and 4 load generators.*628 descriptors/,
    );
    expect(plan().generators).toBe(1);
    expect(plan().notes.join()).not.toMatch(/generators/);
  });

  it('says which case does not take part in every round', () => {
    const cases = [scenarioCase('tcp', { rounds: 5 }), scenarioCase('tcp/depth=16')];
    const planOf = (...args: string[]) => planRun({ ...SCENARIO, cases }, options(...args), MACHINE);
    expect(planOf().notes.join()).toContain('tcp takes part in 5 of the 10 rounds');
    expect(planOf().cases.map(({ rounds }) => rounds)).toEqual([5, undefined]);
    expect(planOf('--repeat', '5').notes.join()).not.toContain('takes part');
  });

  it('opens fewer sessions in a quick run where the file says so, and tells', () => {
    const cases = [scenarioCase('tcp/sessions=5000', { quickSessions: 200 })];
    const quick = planRun({ ...SCENARIO, cases }, options('--quick'), MACHINE);
    expect(quick.cases[0]).toMatchObject({ name: 'tcp/sessions=200', parameters: { sessions: 200 } });
    expect(quick.notes.join()).toMatch(/sessions=5000 is measured with 200 sessions instead of 5000/);
    expect(planRun({ ...SCENARIO, cases }, options(), MACHINE).cases[0].parameters.sessions).toBe(5000);
  });

  it('leaves out arms that are not there, with the reason', () => {
    const without = plan([], { armProblem: (arm) => (arm === 'native' ? 'not built' : null) });
    expect(without.cases[0]).toMatchObject({ arms: ['baseline'], absentArms: { native: 'not built' } });
    const none = plan([], { armProblem: () => 'not built' });
    expect(none.cases[0].notMeasurable).toBe('not built');
  });

  it('starts an arm once for each medium, and asks for no descriptors where no socket is opened', () => {
    const cases = [scenarioCase('tcp'), scenarioCase('mem/depth=16,sessions=1000000')];
    const both = planRun({ ...SCENARIO, cases }, options(), {
      ...MACHINE,
      armProblem: (arm, medium) => (arm === 'baseline' && medium === 'in-process' ? 'not in process' : null),
    });
    expect(both.servers).toEqual([
      { arm: 'native', medium: 'sockets', parts: 1 },
      { arm: 'baseline', medium: 'sockets', parts: 1 },
      { arm: 'native', medium: 'in-process', parts: 1 },
    ]);
    expect(both.cases[1]).toMatchObject({ notMeasurable: null, absentArms: { baseline: 'not in process' } });
  });

  it('opens as many idle sessions as the descriptors allow', () => {
    expect(plan().idle).toEqual({ caseName: 'tcp', sessions: 4000 });
    expect(plan(['--quick']).idle).toEqual({ caseName: 'tcp', sessions: 1000 });
    const tight = plan([], { descriptorsMax: 4128 });
    expect(tight.idle?.sessions).toBe(2000);
    expect(tight.notes.join()).toMatch(/2000 idle sessions instead of 4000/);
    expect(plan(['--case', 'tcp/depth=16']).idle).toBeNull();
  });

  it('pins from four processors on, to disjoint sets', () => {
    expect(plan().pinning).toBeNull();
    expect(plan([], { processors: [0, 2, 4, 6, 8] }).pinning).toEqual({
      servers: [0, 2, 4],
      generator: [6, 8],
    });
    expect(plan([], { processors: [0, 1, 2, 3], taskset: false }).pinning).toBeNull();
  });
});
