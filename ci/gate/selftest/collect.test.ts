import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Children, type ProcessCommand } from '../../../scenarios/harness/arm-process.js';
import { BUILT_IN_DEFAULTS } from '../../../scenarios/harness/case-parameters.js';
import { readPressure } from '../../../scenarios/harness/pressure.js';
import { type ProgressSink, SILENT } from '../../../scenarios/harness/progress.js';
import { gatedMetrics } from '../invocation/gated-metrics.js';
import { planInvocation } from '../invocation/invocation-plan.js';
import { runInvocation } from '../invocation/run-invocation.js';
import { timedUnit } from '../verdict/invocation-units.js';
import { BankFile, readBank } from './bank-file.js';
import { unitsOf } from './bank-units.js';
import { type CollectInputs, collect } from './collect.js';
import { compactInvocation } from './compact-invocation.js';
import { SelftestError } from './selftest-error.js';
import { identicalSubject, injectedSubject, neutralSubject, type ServerCommands } from './subject.js';
import { BANK_METRICS, bankHeader } from './testing/sample-bank.js';

/** The loop of a stretch: real servers with tiny windows where work counts, processes that only answer elsewhere. */

const ROOT = join(import.meta.dirname, '..', '..', '..');
const FAKE = join(ROOT, 'scenarios', 'harness', 'testing', 'fake-process.mjs');
const fake = (role: string, options: object = {}): ProcessCommand => ({
  command: process.execPath,
  args: [FAKE, role, 'fake', JSON.stringify(options)],
});
const node = (entry: string, ...args: string[]): ProcessCommand => ({
  command: process.execPath,
  args: ['--expose-gc', join(ROOT, 'dist', 'scenarios', 'arms', entry), ...args],
});
const REAL: ServerCommands = {
  serve: () => node('native.js'),
  inject: (_, kind, amount) => node('native-injected.js', kind, String(amount)),
};
const GENERATOR = { command: join(ROOT, 'native', 'build', 'Release', 'load_generator'), args: [] };
const BUILDS = { baseDir: '/base', candidateDir: '/candidate' };

const metrics = gatedMetrics({ casePattern: null, metricPattern: null, limitPercent: 5 }).filter(
  ({ kind }) => kind === 'timed',
);
const usual = planInvocation(metrics, BUILT_IN_DEFAULTS);
const TINY = {
  ...usual,
  closed: { ...usual.closed, sessions: 20 },
  open: usual.open && { ...usual.open, sessions: 20 },
  ...{ blocks: 2, windowNs: 5e6, discardNs: 1e6 },
  warmUp: { windowNs: 5e6, windows: 3, agreement: 0.03, secondsMax: 0.1 },
};

let folder: string;
let children: Children;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-collect-'));
  path = join(folder, 'bank.ndjson');
  children = new Children();
});
afterEach(() => {
  children.killAll();
  rmSync(folder, { recursive: true, force: true });
});

function contextOf(generatorCommand: ProcessCommand, signal = new AbortController().signal) {
  return {
    ...{ plan: TINY, children, generatorCommand, signal },
    readDisturbance: () => ({
      pressure: { ...readPressure(), stealTicks: 0 },
      foreign: { idleTicks: 0, processors: 0, ownTicks: 0, others: null },
      throttledUs: 0,
    }),
  };
}

async function stretch(
  generator: object,
  changes: Partial<CollectInputs> = {},
  signal = new AbortController().signal,
) {
  const bank = new BankFile(path);
  try {
    return await collect({
      ...{
        bank,
        header: bankHeader({ blocks: TINY.blocks }),
        metrics,
        invocations: 5,
        budgetMs: null,
        progress: SILENT,
      },
      subject: identicalSubject({ serve: () => fake('server'), inject: () => fake('server') }, BUILDS),
      context: contextOf(fake('generator', generator), signal),
      ...changes,
    });
  } finally {
    bank.close();
  }
}

const lines = () => readBank(path)[0];

describe('a stretch of measuring', () => {
  it('is in the bank, the control in every fourth invocation, the rate found once, and why it ended', async () => {
    expect(await stretch({ rate: { candidate: 8_000 } })).toMatchObject({
      measured: 5,
      usable: 5,
      why: 'done',
    });
    const { header, invocations, end } = lines();
    expect(invocations.map(({ ratios }) => ratios.control !== null)).toEqual([
      false,
      false,
      false,
      true,
      false,
    ]);
    expect(new Set(invocations.map(({ ratePerSecond }) => ratePerSecond)).size).toBe(1);
    expect(end).toEqual({ kind: 'end', why: 'done' });
    // Positive is slower: 8 000 instead of 10 000.
    const [rate] = Object.values(unitsOf(header, invocations[0], 'candidate') ?? {});
    expect(rate).toBeCloseTo(Math.log(10_000 / 8_000), 2);
  });

  it('turns its sign with the arms', async () => {
    await stretch({ rate: { base: 8_000 } }, { invocations: 1 });
    const [rate] = Object.values(unitsOf(lines().header, lines().invocations[0], 'candidate') ?? {});
    expect(rate).toBeCloseTo(-Math.log(10_000 / 8_000), 2);
  });

  it('ends at its budget, before an invocation that would be late', async () => {
    let now = 0;
    const nowMs = (): number => {
      now += 1_000;
      return now;
    };
    const { why, measured } = await stretch({}, { budgetMs: 7_000, nowMs });
    expect(why).toBe('budget');
    expect(measured).toBeGreaterThan(0);
    expect(lines()).toMatchObject({ invocations: { length: measured }, end: { why: 'budget' } });
  });

  it('keeps whole lines at an interrupt', async () => {
    const controller = new AbortController();
    let advanced = 0;
    const progress: ProgressSink = {
      ...SILENT,
      advance() {
        if (++advanced === 6) controller.abort();
      },
    };
    const { why, measured } = await stretch({}, { progress }, controller.signal);
    expect({ why, measured }).toEqual({ why: 'interrupted', measured: 1 });
    expect(lines()).toMatchObject({ invocations: { length: 1 }, end: { why: 'interrupted' } });
  });

  it('writes down an invocation that fails, and ends after five in a row', async () => {
    const collected = await stretch({ failOn: 'run' }, { invocations: 50 });
    expect(collected).toMatchObject({ measured: 5, usable: 0, failed: 5, why: 'failures' });
    expect(collected.lastFailure).toContain('ERR_CONTROL_PROCESS_EXITED');
    expect(lines().invocations.every(({ failure }) => failure?.arm === null)).toBe(true);
  });

  it('ends with an error when what disturbs has ended, without the invocation it is missing from', async () => {
    let asked = 0;
    const gone = new SelftestError('ERR_SELFTEST_STRESS', 'the background load ended');
    const stress = { failure: () => (++asked > 2 ? gone : null) };
    await expect(stretch({}, { stress })).rejects.toBe(gone);
    expect(lines()).toMatchObject({ invocations: { length: 2 }, end: { why: 'stress' } });
  });

  it('asks the preflight again after as many invocations as a gate takes at least', async () => {
    await stretch({}, { invocations: 14, objectionsNow: async () => ['too noisy'] });
    expect(lines().invocations.map(({ objections }) => objections ?? null)).toEqual(
      Array.from({ length: 14 }, (_, index) => (index === 12 ? ['too noisy'] : null)),
    );
  });

  it('goes on after one that failed', async () => {
    let started = 0;
    const serve = (): ProcessCommand => fake('server', started++ === 0 ? { failOn: 'listen' } : {});
    const subject = identicalSubject({ serve, inject: serve }, BUILDS);
    expect(await stretch({}, { subject, invocations: 3 })).toMatchObject({
      measured: 3,
      failed: 1,
      why: 'done',
    });
    const [failure] = lines().invocations.flatMap((each) => each.failure ?? []);
    expect(failure.code).toMatch(/^ERR_CONTROL_/);
  });
});

describe('what a series compares', () => {
  it('is work that only the candidate does, counted in its server', async () => {
    const subject = injectedSubject(REAL, BUILDS, 'spin', 3);
    const line = await runInvocation(
      { ...contextOf(GENERATOR), progress: SILENT, armCommand: subject.armCommand(0) },
      { index: 0, seed: 7, control: true, idle: false, ratePerSecond: 3_000 },
    );
    expect(line.failure).toBeNull();
    for (const { counters } of Object.values(line.cases)) {
      expect(counters.candidate?.injected_units).toBe(3 * (counters.candidate?.messages_received ?? 0));
      expect(counters.candidate?.injected_units).toBeGreaterThan(0);
      for (const arm of ['base', 'control'] as const)
        expect(counters[arm]).not.toHaveProperty('injected_units');
    }
    // What the bank keeps gives the unit of the gate, to the step it is kept in. A rate there is of the shortest window, too.
    const [rate] = metrics;
    const header = bankHeader({ blocks: 2, metrics: BANK_METRICS.slice(0, 1) });
    const kept = unitsOf(header, compactInvocation(line, [rate], null), 'candidate') ?? {};
    expect(Object.values(kept)).toEqual([expect.closeTo(timedUnit(line, rate, 'candidate'), 4)]);
  });

  it('is the same server from elsewhere for a neutral candidate: one layout for the length of a gate, any environment', () => {
    const variants = [1, 2, 3].map((linkSeed) => ({
      rootDir: `/variant${linkSeed}`,
      pathBytes: linkSeed,
      linkSeed,
    }));
    const serve = (rootDir: string): ProcessCommand => ({ command: rootDir, args: [] });
    const subject = neutralSubject({ serve, inject: serve }, '/base', variants, 7);
    const candidates = Array.from({ length: 144 }, (_, index) => subject.armCommand(index)('candidate'));
    expect(new Set(candidates.map(({ command }) => command))).toEqual(
      new Set(['/variant1', '/variant2', '/variant3']),
    );
    expect(new Set(candidates.slice(0, 48).map(({ command }) => command)).size).toBe(1);
    const sizes = candidates.map(({ env }) => env?.MSGTRANS_LAYOUT_PADDING.length ?? -1);
    expect(new Set(sizes).size).toBeGreaterThan(20);
    expect(subject.armCommand(0)('base')).toEqual({ command: '/base', args: [] });
    expect(subject.variant(3)).toMatch(new RegExp(`^environment ${sizes[3]}, path [123], link [123]$`));
    expect(neutralSubject({ serve, inject: serve }, '/base', variants, 7).armCommand(3)('candidate')).toEqual(
      candidates[3],
    );
  });
});
