import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ArmProcess } from '../harness/arm-process.js';
import { BUILT_IN_DEFAULTS, parseCaseName } from '../harness/case-parameters.js';
import { parseCommandLine, type RunOptions } from '../harness/options.js';
import type { Scenario, ScenarioCase } from '../harness/scenario-file.js';
import {
  createProfileFolder,
  dropProfile,
  keepProfile,
  profiledCommand,
  profiledRun,
} from './profiled-run.js';

const FAKE_ARM = join(import.meta.dirname, '..', 'harness', 'testing', 'fake-process.mjs');
/** As built: the relay is a process of its own. */
const RELAY = join(import.meta.dirname, '..', '..', 'dist', 'scenarios', 'profiling', 'relay.js');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-profile-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function options(...args: string[]): RunOptions {
  const line = parseCommandLine(['sample', ...args], 1);
  if (line.mode !== 'run') throw new Error('not a run');
  return line.options;
}

function scenarioCase(name: string, arms: string[]): ScenarioCase {
  const { parameters } = parseCaseName(name, BUILT_IN_DEFAULTS);
  return {
    ...{ name, parameters, arms, quickArms: arms, quick: false, quickSessions: null },
    ...{ messagesPerSessionMin: 9, split: false, findSessions: false, checks: [] },
  };
}

const SCENARIO: Scenario = {
  ...{ name: 'sample', title: 'A sample', description: '', hash: 'h', defaults: BUILT_IN_DEFAULTS },
  idleMemory: { case: 'tcp', sessions: 100, quickSessions: 100 },
  cases: [scenarioCase('tcp', ['native']), scenarioCase('tcp/depth=16', ['native', 'baseline'])],
};

describe('a profiled run', () => {
  it('is one round of one arm in the first case that has it, without idle sessions', () => {
    const native = profiledRun(SCENARIO, options('--profile', 'flame'));
    expect(native.scenario).toMatchObject({
      idleMemory: null,
      cases: [{ name: 'tcp', messagesPerSessionMin: 0 }],
    });
    expect(native.options).toMatchObject({ arms: ['native'], repeat: 1, durationMs: 5_000 });
    const baseline = profiledRun(SCENARIO, options('--profile', 'flame', '--arm', 'baseline'));
    expect(baseline.scenario.cases.map((each) => each.name)).toEqual(['tcp/depth=16']);
    const chosen = profiledRun(SCENARIO, options('--profile', 'doctor', '--case', '*16', '--duration', '1s'));
    expect(chosen.scenario.cases.map((each) => each.name)).toEqual(['tcp/depth=16']);
    expect(chosen.options.durationMs).toBe(1_000);
    // A pattern that matches nothing is left to the planner, which knows how to say so.
    expect(profiledRun(SCENARIO, options('--profile', 'doctor', '--case', 'x')).scenario.cases).toHaveLength(
      2,
    );
  });

  it('starts the arm through the relay, and refuses what is no Node.js program', () => {
    const arm = { command: process.execPath, args: ['--expose-gc', '/a/native.js'] };
    const { args, closeGraceMs } = profiledCommand('flame', arm, { clinic: '/c', output: '/o' });
    expect(args.slice(1)).toEqual([
      ...['/c/node_modules/clinic/bin.js', 'flame', '/o', '--expose-gc', '/a/native.js'],
    ]);
    expect(closeGraceMs).toBeGreaterThan(60_000);
    const program = { command: '/native/limit_server', args: [] };
    expect(() => profiledCommand('flame', program, { clinic: '/c', output: '/o' })).toThrow(/CONTRIBUTING/);
  });

  it('keeps the pages in the folder of the run, and takes a profiler without one for failed', () => {
    const output = createProfileFolder(join(folder, 'runs'));
    const run = join(folder, 'runs', 'run');
    mkdirSync(run);
    writeFileSync(join(output, 'x.html'), 'page');
    expect(keepProfile(output, run)).toEqual([join(run, 'profile', 'x.html')]);
    dropProfile(output);
    const empty = createProfileFolder(join(folder, 'runs'));
    mkdirSync(join(folder, 'other'));
    expect(() => keepProfile(empty, join(folder, 'other'))).toThrow(/made no page/);
    const unused = createProfileFolder(join(folder, 'runs'));
    dropProfile(unused);
    expect(existsSync(unused)).toBe(false);
  });
});

/**
 * Stands in for clinic: closes the arm's standard input, chatters on standard output, writes a file once the arm has
 * ended by itself, and a page when asked for it.
 */
const FAKE_CLINIC = `
import { spawn } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
const args = process.argv.slice(2);
appendFileSync('calls', JSON.stringify({ args, env: process.env.NO_INSIGHT }) + '\\n');
const at = args.indexOf('--');
if (at < 0) {
  writeFileSync(args.at(-1) + '.html', 'page');
} else {
  console.log('To stop data collection press: Ctrl + C');
  const [command, ...rest] = args.slice(at + 1);
  const child = spawn(command, rest, { stdio: ['ignore', 'inherit', 'inherit'] });
  child.once('exit', (code) => { writeFileSync('data', String(code)); process.exit(code ? 1 : 0); });
}
`;

/** A process that ended may wait for its parent to notice. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('the relay', () => {
  function start(arm: string[]): ArmProcess {
    const clinic = join(folder, 'clinic.mjs');
    writeFileSync(clinic, FAKE_CLINIC);
    const args = [RELAY, clinic, 'flame', folder, ...arm];
    return new ArmProcess('native', { command: process.execPath, args, closeGraceMs: 20_000 }, () => {});
  }

  it('carries the control protocol past a profiler, and has the page made when the arm has ended', async () => {
    const child = start(['--expose-gc', FAKE_ARM, 'server', 'native']);
    const started = child.pid;
    const { pid, ...hello } = await child.hello();
    expect(hello).toMatchObject({ role: 'server', arm: 'native' });
    // Processor time and memory are asked of the arm, not of what stands before it.
    expect([child.pid, pid === started]).toEqual([pid, false]);
    expect(await child.command('counters')).toMatchObject({ counters: { messages_received: 100 } });
    await child.close();
    expect(readFileSync(join(folder, 'profile.clinic-flame.html'), 'utf8')).toBe('page');
    const calls = readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
    expect(calls).toHaveLength(2);
    const { args, env } = JSON.parse(calls[0]) as { args: string[]; env: string };
    expect(env).toBe('1');
    expect(args.slice(0, 4)).toEqual(['flame', '--open=false', '--collect-only', '--dest']);
    expect(args.slice(args.indexOf('--') + 1, args.indexOf('--') + 3)).toEqual([
      ...[process.execPath, '--expose-gc'],
    ]);
  });

  it('makes no page of an arm that failed', async () => {
    const child = start([FAKE_ARM, 'server', 'native', '{"failOn":"counters"}']);
    await child.hello();
    await expect(child.command('counters')).rejects.toThrow(/ended with code|closed/);
    await child.stop();
    expect(existsSync(join(folder, 'profile.clinic-flame.html'))).toBe(false);
  });

  it('ends with everything behind it when it is told to stop', async () => {
    const child = start([FAKE_ARM, 'server', 'native']);
    const { pid } = await child.hello();
    await child.stop();
    while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(existsSync(join(folder, 'profile.clinic-flame.html'))).toBe(false);
  });
});
