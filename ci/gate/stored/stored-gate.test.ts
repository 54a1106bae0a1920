import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Children } from '../../../scenarios/harness/arm-process.js';
import { readBuild } from '../../../scenarios/harness/build-record.js';
import { readCapabilities } from '../../../scenarios/harness/capabilities.js';
import { readMachine } from '../../../scenarios/harness/machine.js';
import { readPressure } from '../../../scenarios/harness/pressure.js';
import { SILENT } from '../../../scenarios/harness/progress.js';
import { loadScenario } from '../../../scenarios/harness/scenario-file.js';
import {
  baselineFileOf,
  baselinePath,
  baselineText,
  type StoredRun,
} from '../../baseline-store/baseline-file.js';
import { measureStoredGate, planStoredGate, type StoredResult } from './stored-gate.js';

/** Runs of processes that say how fast they are instead of working, against stored runs of the same. */

const ROOT = join(import.meta.dirname, '..', '..', '..');
const FAKE = join(ROOT, 'scenarios', 'harness', 'testing', 'fake-process.mjs');
const scenario = loadScenario(join(ROOT, 'scenarios'), 'concurrent-1k');
const fake = (role: string, arm: string, options: object = {}) => ({
  command: process.execPath,
  args: [FAKE, role, arm, JSON.stringify(options)],
});
const armCommand = (arm: string) => fake('server', arm);

let folder: string;
let children: Children;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-gate-stored-'));
  children = new Children();
});
afterEach(() => {
  children.killAll();
  rmSync(folder, { recursive: true, force: true });
});

function save(runs: readonly StoredRun[]): void {
  const path = baselinePath(folder, 'main', scenario.name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, baselineText(baselineFileOf('main', scenario.name, runs)));
}

function plan() {
  return planStoredGate(scenario, [folder, 'main'], ROOT, 7, readCapabilities(armCommand));
}

async function gate(nativeRate: number, limitPercent = 5): Promise<StoredResult> {
  const stored = plan();
  const generatorCommand = fake('generator', 'g', { rate: { native: nativeRate, baseline: 10_000 } });
  return measureStoredGate(
    { ...stored, plan: { ...stored.plan, rounds: 5, idle: null } },
    scenario,
    [limitPercent, 'its compiler is gone'],
    {
      ...{ children, armCommand, generatorCommand, progress: SILENT, readPressure },
      signal: new AbortController().signal,
    },
    8,
  );
}

/** Stored runs of this machine and build, in which native did ten times what the baseline did. */
function storedRuns(count: number): StoredRun[] {
  const { nativeHash, baselineHash } = readBuild(ROOT);
  const { fingerprint, cpuModel, cores, kernel } = readMachine(8);
  const parameters = scenario.cases.find(({ name }) => name === 'tcp/depth=16')?.parameters;
  return Array.from({ length: count }, (_, index) => {
    const ratio = 10 * (1 + index / 10_000);
    return {
      ...{ startedAt: new Date(index * 1_000).toISOString(), seed: index, slotMs: 2_000, fingerprint },
      scenarioHash: scenario.hash,
      machine: { cpuModel, cores, kernelMajor: kernel.split('.')[0] },
      build: { commit: null, nativeHash, baselineHash, compiler: '', node: '' },
      cases: {
        'tcp/depth=16': {
          parameters: { ...parameters },
          metrics: {
            throughput_ops_per_s: { ratio, ci95: [ratio * 0.99, ratio * 1.01], rounds: [ratio] },
            // So low that no run has less.
            cpu_ns_per_op: { ratio: 1e-6, ci95: [1e-6, 1e-6], rounds: [1e-6] },
          },
        },
      },
    };
  });
}

describe('a gate without a base build', () => {
  it('cannot be planned without a stored baseline', () => {
    expect(plan).toThrow(expect.objectContaining({ code: 'ERR_BASELINE_MISSING' }));
  });

  it('fails what is clear of five stored runs, passes what is not, and says which comparison it was', async () => {
    save(storedRuns(5));
    const { summary } = await gate(80_000);
    expect(summary).toMatchObject({ verdict: 'fail', exitCode: 3 });
    expect(summary.reasons[0]).toMatch(/throughput_ops_per_s.* 25\.0 % slower/);
    expect(summary.comparison).toContain('5 stored runs of the baseline "main"');
    expect(summary.notes[0]).toBe('there is no base build: its compiler is gone');
    expect((await gate(80_000, 30)).summary).toMatchObject({ verdict: 'pass', exitCode: 0 });
    expect((await gate(100_000)).summary).toMatchObject({ verdict: 'pass', exitCode: 0 });
  }, 120_000);

  it('only warns with fewer stored runs: inconclusive', async () => {
    save(storedRuns(4));
    const { summary } = await gate(80_000);
    expect(summary).toMatchObject({ verdict: 'inconclusive', exitCode: 4 });
    expect(summary.reasons.join('\n')).toContain('holds 4 comparable runs; it only warns below 5');
  }, 60_000);
});
