import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Children } from '../arm-process.js';
import { BUILT_IN_DEFAULTS } from '../case-parameters.js';
import { ONE_OF_EACH } from '../case-processes.js';
import { evaluateChecks } from '../checks.js';
import type { PlannedCase, RunPlan } from '../planner.js';
import type { PressureReading } from '../pressure.js';
import { SILENT } from '../progress.js';
import type { CaseRecord, ScalingRecord } from '../record.js';
import { measureRun, type RunSamples } from '../run.js';
import { createRandom } from '../statistics/random.js';
import { uslAt } from '../statistics/usl.js';
import { summariseCase } from '../summarise.js';
import { fitScaling, labelProjected } from './scaling-fit.js';

/** Work over threads measured in a process that only says how fast it is: what it follows has to come back. */

const FAKE = join(import.meta.dirname, 'testing', 'fake-threads.mjs');
const children = new Children();
afterEach(() => children.stopAll(100));

interface Setup {
  threads: number[];
  /** Cases beyond the cores of this machine. */
  beyond?: number[];
  arms?: string[];
  rounds?: number;
  slotNs?: number;
  fake: object;
  readPressure?: () => PressureReading;
}

const QUIET: PressureReading = {
  ...{ monotonicNs: 0, realtimeMs: 0, boottimeMs: 0, stealTicks: 0, totalTicks: 0, psiCpuSomeUs: 0 },
};

function planned(threads: number, arms: string[], notMeasurable: string | null): PlannedCase {
  return {
    name: `none/threads=${threads}`,
    parameters: { ...BUILT_IN_DEFAULTS, transport: 'none', load: 'threads', work: 'lookup', threads },
    arms: notMeasurable === null ? arms : [],
    ...{
      absentArms: {},
      notMeasurable,
      messagesPerSessionMin: 0,
      notJudged: null,
      processes: ONE_OF_EACH,
      findSessions: false,
    },
    checks: [{ id: 'scales', metric: 'speedup_against_alu', arm: 'native', intervalMin: 0.95 }],
  };
}

interface Outcome {
  plan: RunPlan;
  samples: RunSamples;
  cases: Record<string, CaseRecord>;
  scaling: ScalingRecord[];
}

async function measure(setup: Setup): Promise<Outcome> {
  const { threads, beyond = [], arms = ['native'], rounds = 5, slotNs = 0.5e9 } = setup;
  const plan: RunPlan = {
    cases: [
      ...threads.map((count) => planned(count, arms, null)),
      ...beyond.map((count) => planned(count, arms, `${count} threads need ${count} cores`)),
    ],
    ...{
      arms,
      servers: [],
      generators: 1,
      rounds,
      slotNs,
      warmupNs: [],
      pacingNs: [],
      idle: null,
      pinning: null,
    },
    ...{ threadProcessors: threads, seconds: 1, progressSeconds: 1, notes: [] },
  };
  const samples = await measureRun({
    ...{ plan, seed: 3, children, progress: SILENT, signal: new AbortController().signal },
    armCommand: () => ({ command: 'false', args: [] }),
    generatorCommand: { command: 'false', args: [] },
    threadWorkCommand: { command: process.execPath, args: [FAKE, JSON.stringify(setup.fake)] },
    readPressure: setup.readPressure ?? (() => QUIET),
  });
  const random = createRandom(3);
  const cases: Record<string, CaseRecord> = {};
  for (const [name, each] of samples.cases) cases[name] = summariseCase(each, samples.startNs, random);
  const scaling = fitScaling(plan.cases, cases, Math.max(...threads), random);
  labelProjected(plan.cases, cases, scaling);
  return { plan, samples, cases, scaling };
}

const LAW = { rate: 3e6, sigma: 0.03, kappa: 0.002 };

describe('work over threads that follows a law', () => {
  it('gives that law back, though processors slow down together and the machine drifts', async () => {
    const fake = { laws: { native: LAW }, aluLoss: 0.15, drift: 0.002 };
    const { cases, scaling } = await measure({ threads: [1, 2, 4, 8], beyond: [16], fake });
    const [fitted] = scaling;
    expect(fitted).toMatchObject({ work: 'lookup', arm: 'native', determined: true });
    expect(fitted.sigma.value).toBeCloseTo(LAW.sigma, 6);
    expect(fitted.kappa.value).toBeCloseTo(LAW.kappa, 6);
    const law = { ...LAW, lambda: 1 };
    for (const { threads, value, projected } of fitted.curve) {
      expect(value).toBeCloseTo(uslAt(law, threads), 5);
      expect(projected).toBe(threads > 8);
    }
    const { metrics } = cases['none/threads=2'].arms.native;
    // What the clock shows has the processors' loss in it, and the quotient has not.
    expect(metrics.alu_speedup.value).toBeCloseTo(2 * 0.85, 6);
    expect(metrics.speedup.value).toBeCloseTo(uslAt(law, 2) * 0.85, 6);
    expect(metrics.speedup_against_alu.value).toBeCloseTo(uslAt(law, 2) / 2, 6);
    expect(metrics.cpu_growth_against_alu.value).toBeCloseTo(2 / uslAt(law, 2), 6);
  });

  it('says what is projected, and judges nothing there', async () => {
    const { plan, cases } = await measure({ threads: [1, 2], beyond: [4], fake: { laws: { native: LAW } } });
    const beyond = cases['none/threads=4'];
    expect(beyond).toMatchObject({ status: 'projected', arms: {} });
    expect(beyond.reason).toBe('4 threads need 4 cores; projected from what 1 and 2 threads did');
    const [check] = evaluateChecks(plan.cases[2], beyond, []);
    expect(check).toMatchObject({ value: null, verdict: 'not-measurable', reason: beyond.reason });
  });

  it('judges the lower end of the interval', async () => {
    const checksOf = async (sigma: number, rounds: number) => {
      const fake = { laws: { native: { ...LAW, sigma, kappa: 0 } } };
      const { plan, cases } = await measure({ threads: [1, 2], rounds, fake });
      return evaluateChecks(plan.cases[1], cases['none/threads=2'], []).find(({ id }) => id === 'scales');
    };
    expect(await checksOf(0.01, 5)).toMatchObject({ verdict: 'pass', limit: 0.95 });
    expect(await checksOf(0.08, 5)).toMatchObject({ verdict: 'missed' });
    expect(await checksOf(0.01, 4)).toMatchObject({ verdict: 'not-measurable' });
  });

  it('leaves the split between contention and coherency open where 1 and 2 threads are all there is', async () => {
    const { scaling } = await measure({ threads: [1, 2], beyond: [16], fake: { laws: { native: LAW } } });
    const [fitted] = scaling;
    const lost = LAW.sigma + 2 * LAW.kappa;
    expect(fitted.determined).toBe(false);
    expect(fitted.sigma.value + 2 * fitted.kappa.value).toBeCloseTo(lost, 6);
    expect(fitted.sigma.ci95?.[0]).toBe(0);
    expect(fitted.sigma.ci95?.[1]).toBeCloseTo(lost, 6);
    expect(fitted.kappa.ci95?.[1]).toBeCloseTo(lost / 2, 6);
    const [low, high] = fitted.curve[15].ci95!;
    expect(low).toBeCloseTo(16 / (1 + (lost / 2) * 16 * 15), 5);
    expect(high).toBeCloseTo(16 / (1 + lost * 15), 5);
    const truth = uslAt({ ...LAW, lambda: 1 }, 16);
    expect(truth).toBeGreaterThan(low);
    expect(truth).toBeLessThan(high);
  });

  it('gives no interval below five rounds', async () => {
    const { scaling } = await measure({ threads: [1, 2], rounds: 2, fake: { laws: { native: LAW } } });
    expect(scaling[0].sigma.ci95).toBeNull();
    expect(scaling[0].curve[1].ci95).toBeNull();
  });

  it('measures arms side by side, and one thread in the blocks of several', async () => {
    const laws = { native: LAW, baseline: { rate: 1e6, sigma: 0.9, kappa: 0.1 } };
    const { samples, scaling } = await measure({
      ...{ threads: [1, 2, 4], arms: ['native', 'baseline'], rounds: 1, fake: { laws } },
    });
    expect(scaling.map(({ arm }) => arm)).toEqual(['native', 'baseline']);
    const windows = (name: string) => samples.cases.get(name)!.windows.filter(({ arm }) => arm === 'native');
    // Two windows in each block of 2 and of 4 threads.
    expect(windows('none/threads=1')).toHaveLength(8);
    expect(windows('none/threads=2')).toHaveLength(4);
    expect(samples.cases.get('none/threads=1')!.arm('native').rounds[0].figures).toEqual({});
  });
});

describe('work over threads that goes wrong', () => {
  it('is dropped block by block for outside causes, and replaced', async () => {
    let ticks = 0;
    const stolen = (): PressureReading => {
      ticks += 100;
      return { ...QUIET, totalTicks: ticks, stealTicks: ticks === 200 ? 50 : 0 };
    };
    // Run 0 warms up, run 1 is the first block, and the only one that was planned.
    const fake = { laws: { native: LAW }, stumbleAt: 1 };
    const { samples, cases } = await measure({
      ...{ threads: [1, 2], rounds: 1, slotNs: 0.25e9, fake, readPressure: stolen },
    });
    const { blocks } = samples.cases.get('none/threads=2')!;
    expect(blocks.map(({ dropped }) => dropped)).toEqual([true, false]);
    const { metrics } = cases['none/threads=2'].arms.native;
    expect(metrics.speedup.value).toBeCloseTo(uslAt({ ...LAW, lambda: 1 }, 2), 6);
    expect(metrics.throughput_ops_per_s.value).toBeCloseTo(uslAt({ ...LAW, lambda: LAW.rate }, 2), 0);
  });

  it('has no figures, and no law, where every block was dropped', async () => {
    let ticks = 0;
    const stolen = (): PressureReading => {
      ticks += 100;
      return { ...QUIET, totalTicks: ticks, stealTicks: ticks / 2 };
    };
    const fake = { laws: { native: LAW } };
    const { samples, cases, scaling } = await measure({
      ...{ threads: [1, 2], beyond: [4], rounds: 1, fake, readPressure: stolen },
    });
    // Two blocks were planned, and half as many replaced.
    expect(samples.cases.get('none/threads=2')!.blocks.map(({ dropped }) => dropped)).toEqual([
      true,
      true,
      true,
    ]);
    expect(cases['none/threads=2'].arms.native.metrics).toEqual({});
    expect(scaling).toEqual([]);
    expect(cases['none/threads=4'].status).toBe('not-measurable');
  });

  it('has wrong results in its ledger', async () => {
    const { samples } = await measure({
      ...{ threads: [1, 2], rounds: 1, fake: { laws: { native: LAW }, corrupt: 1 } },
    });
    const faults = ['none/threads=1', 'none/threads=2'].map(
      (name) => samples.cases.get(name)!.arm('native').ledger.corrupted,
    );
    // A warm-up window and four measured ones of each number of threads: every one counts.
    expect(faults).toEqual([5, 5]);
  });

  it.each([
    ['ends', { failOn: 'run' }, 'ERR_CONTROL_PROCESS_EXITED'],
    ['lacks an arm', { absent: 'native' }, 'ERR_HARNESS'],
  ])('misses its rounds when the process %s, and says why', async (_, fault, code) => {
    const { samples, cases, scaling } = await measure({
      ...{ threads: [1, 2], beyond: [4], rounds: 2, fake: { laws: { native: LAW }, ...fault } },
    });
    expect(samples.failure).toBeNull();
    expect(
      samples.cases
        .get('none/threads=2')!
        .arm('native')
        .errors.map((error) => error.code),
    ).toEqual([code, code]);
    expect(scaling).toEqual([]);
    expect(cases['none/threads=4'].status).toBe('not-measurable');
  });
});
