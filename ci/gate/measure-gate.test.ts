import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Children, type ProcessCommand } from '../../scenarios/harness/arm-process.js';
import { BUILT_IN_DEFAULTS } from '../../scenarios/harness/case-parameters.js';
import { readPressure } from '../../scenarios/harness/pressure.js';
import { SILENT } from '../../scenarios/harness/progress.js';
import { CLOSED_CASE, gatedMetrics } from './invocation/gated-metrics.js';
import { planInvocation } from './invocation/invocation-plan.js';
import { RawFile, readRawFile } from './invocation/raw-file.js';
import { type GateInputs, measureGate, wantsIdleMemory } from './measure-gate.js';
import { sampleHeader, sampleInvocation } from './testing/sample-invocations.js';
import { judgeRaw } from './verdict/judge-raw.js';

/** Whole gates with processes that say how fast they are instead of working, so that a minute takes a second. */

const FAKE = join(import.meta.dirname, '..', '..', 'scenarios', 'harness', 'testing', 'fake-process.mjs');
const fake = (role: string, options: object = {}): ProcessCommand => ({
  command: process.execPath,
  args: [FAKE, role, 'fake', JSON.stringify(options)],
});
const metrics = gatedMetrics({ casePattern: CLOSED_CASE, metricPattern: 'throughput*', limitPercent: 5 });
const usual = planInvocation(metrics, BUILT_IN_DEFAULTS);

let folder: string;
let children: Children;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-gate-measure-'));
  path = join(folder, 'invocations.ndjson');
  children = new Children();
});
afterEach(() => {
  children.killAll();
  rmSync(folder, { recursive: true, force: true });
});

/** Rates by arm, operations per second. */
async function gate(
  generator: object,
  changes: Partial<GateInputs> = {},
  signal = new AbortController().signal,
) {
  const raw = new RawFile(path);
  try {
    return await measureGate({
      ...{ header: sampleHeader({ metrics, blocks: 4 }), raw, budgetMs: null, progress: () => SILENT },
      context: {
        plan: { ...usual, blocks: 4, warmUp: { ...usual.warmUp, secondsMax: 0 } },
        ...{ children, signal, armCommand: () => fake('server') },
        generatorCommand: fake('generator', generator),
        readDisturbance: () => ({
          pressure: { ...readPressure(), stealTicks: 0 },
          foreign: { idleTicks: 0, processors: 0, ownTicks: 0, others: null },
          throttledUs: 0,
        }),
      },
      ...changes,
    });
  } finally {
    raw.close();
  }
}

const invocations = () => readRawFile(path).filter((line) => line.kind === 'invocation');

describe('a whole gate', () => {
  it('passes equal builds after twelve invocations, every fourth with a control, and replays to the same bytes', async () => {
    const { file } = await gate({});
    expect(file).toMatchObject({ verdict: 'pass', exitCode: 0, invocations: { measured: 12 } });
    expect(invocations().map(({ startOrder }) => startOrder.length)).toEqual([
      2, 2, 2, 3, 2, 2, 2, 3, 2, 2, 2, 3,
    ]);
    expect(JSON.stringify(judgeRaw(readRawFile(path)).file)).toBe(JSON.stringify(file));
  }, 60_000);

  it('ends at a failed check after one invocation', async () => {
    const { file } = await gate({ lose: { candidate: 2 } });
    expect(file).toMatchObject({ verdict: 'fail', exitCode: 6, invocations: { measured: 1 } });
    expect(file.reasons.join()).toContain('messages lost by the candidate');
  });

  it('blames the change for a stall of the candidate alone, and for none that meets the base, too', async () => {
    const alone = await gate({ stall: ['candidate'] });
    expect(alone.file).toMatchObject({ exitCode: 6, invocations: { measured: 1 } });
    rmSync(path);
    const both = await gate({ stall: ['base', 'candidate'] });
    expect(both.file).toMatchObject({ exitCode: 4, invocations: { measured: 1 } });
    expect(both.file.reasons.join()).toContain('the change is not to blame');
  });

  it('ends when the budget would not hold another invocation, with what was measured on the disk', async () => {
    let now = 0;
    const nowMs = (): number => {
      now += 1_000;
      return now;
    };
    const { file } = await gate({}, { budgetMs: 7_000, nowMs });
    expect(file).toMatchObject({ verdict: 'inconclusive', exitCode: 4 });
    expect(file.reasons.join()).toContain('--budget');
    expect(invocations().length).toBe(file.invocations.measured);
    expect(file.invocations.measured).toBeLessThan(12);
    expect(readRawFile(path).at(-1)).toEqual({ kind: 'end', why: 'budget' });
  });

  it('keeps what it has at an interrupt, and ends its processes', async () => {
    const controller = new AbortController();
    let advanced = 0;
    const progress = () => ({
      ...SILENT,
      advance() {
        if (++advanced === 6) controller.abort();
      },
    });
    const { file } = await gate({}, { progress }, controller.signal);
    expect(file).toMatchObject({ verdict: 'interrupted', exitCode: 130, invocations: { measured: 1 } });
    expect(readRawFile(path).at(-1)).toEqual({ kind: 'end', why: 'interrupted' });
  });

  it('measures nothing where the preflight objected', async () => {
    const header = sampleHeader({ metrics, blocks: 4, objections: ['too noisy: it spreads'] });
    const { file } = await gate({}, { header });
    expect(file).toMatchObject({ exitCode: 4, reasons: ['too noisy: it spreads'] });
    expect(readRawFile(path)).toEqual([header]);
  });

  it('throws where the load generator is gone: no arm is to blame, and no verdict stands', async () => {
    await expect(gate({ failOn: 'run' })).rejects.toMatchObject({ code: 'ERR_CONTROL_PROCESS_EXITED' });
  });
});

describe('memory of idle sessions', () => {
  const gated = gatedMetrics({ casePattern: CLOSED_CASE, metricPattern: null, limitPercent: 5 });
  const wanted = (bytes: readonly number[]): boolean => {
    const lines = bytes.map((candidate, index) => ({
      ...sampleInvocation(index),
      memoryBytesPerSession: { base: 500, candidate },
    }));
    return wantsIdleMemory(judgeRaw([sampleHeader({ metrics: gated }), ...lines]));
  };

  it('is measured four times, and on to the last look where these do not decide', () => {
    expect([wanted([]), wanted([500, 510, 505]), wanted([500, 510, 505, 490])]).toEqual([true, true, false]);
    expect(wanted([500, 1_020, 505, 490])).toBe(true);
    expect(wanted(new Array(11).fill(0).map((_, index) => (index % 3 === 0 ? 1_020 : 500)))).toBe(true);
    expect(wanted(new Array(12).fill(0).map((_, index) => (index % 3 === 0 ? 1_020 : 500)))).toBe(false);
  });
});
