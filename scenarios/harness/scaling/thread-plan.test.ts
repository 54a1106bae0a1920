import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../options.js';
import { type Capabilities, planRun } from '../planner.js';
import { loadScenario } from '../scenario-file.js';
import { blocksPerRound } from './thread-plan.js';

const SCENARIOS = join(import.meta.dirname, '..', '..');
const scenario = loadScenario(SCENARIOS, 'scaling-16-core');

function machine(cores: number, more: Partial<Capabilities> = {}): Capabilities {
  return {
    processors: Array.from({ length: cores }, (_, index) => index),
    descriptorsMax: 100_000,
    taskset: true,
    armProblem: () => null,
    ...more,
  };
}

function plan(capabilities: Capabilities, args: string[] = []) {
  const commandLine = parseCommandLine(['scaling-16-core', ...args], 1);
  if (commandLine.mode !== 'run') throw new Error('no run');
  return planRun(scenario, commandLine.options, capabilities);
}

const measurable = (capabilities: Capabilities): string[] =>
  plan(capabilities)
    .cases.filter(({ notMeasurable }) => notMeasurable === null)
    .map(({ name }) => name);

describe('scaling-16-core', () => {
  it('asks for all four kinds of work on 1, 2, 4, 8 and 16 threads', () => {
    expect(scenario.cases).toHaveLength(20);
    for (const work of ['lookup', 'map', 'mem-echo', 'sockets']) {
      const threads = scenario.cases
        .filter(({ parameters }) => parameters.work === work)
        .map(({ parameters }) => parameters.threads);
      expect(threads, work).toEqual([1, 2, 4, 8, 16]);
    }
  });

  it('is planned for the cores there are: sockets need twice as many and one more', () => {
    expect(measurable(machine(2))).toEqual([
      ...['none/work=lookup', 'none/threads=2,work=lookup', 'none/work=map', 'none/threads=2,work=map'],
      ...['mem', 'mem/threads=2'],
    ]);
    expect(measurable(machine(5))).toContain('tcp/threads=2,work=sockets');
    expect(measurable(machine(32))).not.toContain('tcp/threads=16,work=sockets');
    expect(measurable(machine(33))).toHaveLength(20);
  });

  it('says what a case would need, and what the machine has', () => {
    const reasonOf = (name: string, capabilities: Capabilities) =>
      plan(capabilities).cases.find((each) => each.name === name)?.notMeasurable;
    expect(reasonOf('tcp/work=sockets', machine(2))).toBe(
      '1 reactor needs 3 cores, one for each reactor, one for each client, one for the harness; this machine has 2',
    );
    expect(reasonOf('none/threads=4,work=map', machine(8, { cpuQuota: 3.5 }))).toBe(
      '4 threads need 4 cores, one for each thread; this machine has 3 (8 processors, of which the cgroup grants the time of 3.5)',
    );
    expect(reasonOf('mem/threads=2', machine(2, { taskset: false }))).toMatch(
      /taskset \(util-linux\) is not installed/,
    );
    expect(reasonOf('none/threads=2,work=lookup', machine(2, { taskset: false }))).toBeNull();
  });

  it('starts no servers, pins nothing by halves, and takes less than 90 s in quick', () => {
    const quick = plan(machine(2), ['--quick']);
    expect(quick.servers).toEqual([]);
    expect(quick.pinning).toBeNull();
    expect(quick.seconds).toBeLessThan(90);
    expect(quick.notes.join('\n')).toMatch(/2 cores \(processors 0,1\) on 1 NUMA node/);
  });

  it('has at least 40 blocks in a full run', () => {
    const full = plan(machine(2));
    expect(full.rounds * blocksPerRound(full.slotNs)).toBeGreaterThanOrEqual(40);
  });

  it('lists an arm that a work does not have as absent', () => {
    const chosen = plan(machine(2), ['--set', 'threads=2', '--case', 'none/work=map', '--arm', 'native']);
    expect(chosen.cases.map(({ name }) => name)).toEqual(['none/threads=2,work=map']);
    const rival = {
      ...scenario,
      cases: scenario.cases.map((each) => ({ ...each, arms: ['native', 'limit'] })),
    };
    const commandLine = parseCommandLine(['scaling-16-core'], 1);
    if (commandLine.mode !== 'run') throw new Error('no run');
    const { cases } = planRun(rival, commandLine.options, machine(2));
    expect(cases[0].absentArms).toEqual({ limit: 'work=lookup has the arms native, baseline' });
  });
});
