import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadAnyScenario, type SoakScenario } from '../harness/any-scenario.js';
import { parseCommandLine, type RunOptions } from '../harness/options.js';
import { planSoak } from './soak-plan.js';

const loaded = loadAnyScenario(join(import.meta.dirname, '..'), 'stability-24h');
const scenario = loaded.scenario as SoakScenario;

function options(...args: string[]): RunOptions {
  const line = parseCommandLine(['stability-24h', ...args], 1);
  if (line.mode !== 'run') throw new Error('not a run');
  return line.options;
}

const plan = (...args: string[]) => planSoak(scenario, options(...args));

describe('the plan of a soak', () => {
  it('is that of its file: a day, a checkpoint each minute, both arms', () => {
    expect(plan()).toMatchObject({
      durationSeconds: 86_400,
      checkpointSeconds: 60,
      sampleSeconds: 15,
      plant: null,
    });
    expect(plan().arms.map(({ arm }) => arm)).toEqual(['native', 'baseline']);
    expect(plan().limits).toEqual({ warmupSeconds: 300, judgedSecondsMin: 600 });
  });

  it('fits a quick run into a minute, with as many looks and checkpoints as a chart needs', () => {
    const quick = plan('--quick');
    expect(quick.durationSeconds).toBeLessThanOrEqual(60);
    expect(quick.durationSeconds / quick.sampleSeconds).toBeGreaterThanOrEqual(20);
    expect(quick.durationSeconds / quick.checkpointSeconds).toBeGreaterThanOrEqual(5);
  });

  it('follows the options', () => {
    const changed = plan(
      '--duration',
      '2h',
      '--checkpoint',
      '30s',
      '--plant',
      'slice',
      '--arm',
      'native',
      '--seed',
      '5',
    );
    expect(changed).toMatchObject({
      durationSeconds: 7200,
      checkpointSeconds: 30,
      plant: 'slice',
      plantBytesPerSecond: 1024,
      seed: 5,
    });
    expect(changed.arms.map(({ arm }) => arm)).toEqual(['native']);
  });

  it.each([
    [['--set', 'sessions=5'], /which does not know --set/],
    [['--baseline', 'main', '--save-baseline', 'main'], /--save-baseline, --baseline/],
    [['--arm', 'native,limit'], /has no arm limit; it has native, baseline/],
    [['--arm', 'baseline', '--plant', 'js'], /not part of this run/],
  ])('refuses %j', (args, expected) => {
    expect(() => plan(...args)).toThrow(expected);
  });
});
