import type { SoakScenario } from '../harness/any-scenario.js';
import { PLANT_NAMES, type PlantName, type RunOptions } from '../harness/options.js';
import type { FaultPhase, SoakRates } from '../harness/soak-schema.js';
import { UsageError } from '../harness/usage-error.js';
import { LEAK_LIMITS, type LeakLimits } from './leak-rule.js';
import { PLANT_BYTES_PER_SECOND } from './plants.js';

/** What a soak is going to do, with everything decided. */
export interface SoakPlan {
  durationSeconds: number;
  checkpointSeconds: number;
  sampleSeconds: number;
  broadcastsPerSecond: number;
  arms: readonly { arm: string; rates: SoakRates }[];
  phases: readonly FaultPhase[];
  seed: number;
  quick: boolean;
  plant: PlantName | null;
  plantBytesPerSecond: number;
  limits: LeakLimits;
}

/** Enough looks at the gauges for a curve, however short the run is. */
const SAMPLES_MIN = 20;
const CHECKPOINTS_MIN = 5;

/** Options of other kinds of scenarios, and what they do there. */
const FOREIGN: readonly [keyof RunOptions, string][] = [
  ['casePattern', '--case'],
  ['repeat', '--repeat'],
  ['saveBaseline', '--save-baseline'],
  ['baseline', '--baseline'],
];

/** @throws UsageError for options that mean nothing here */
export function planSoak(scenario: SoakScenario, options: RunOptions): SoakPlan {
  const { soak } = scenario;
  const foreign = FOREIGN.filter(([key]) => options[key] !== null).map(([, name]) => name);
  if (options.set.length > 0) foreign.push('--set');
  if (foreign.length > 0) {
    throw new UsageError(`${scenario.name} is of the kind soak, which does not know ${foreign.join(', ')}`);
  }
  const arms = Object.entries(soak.arms).map(([arm, rates]) => ({ arm, rates }));
  const unknown = (options.arms ?? []).filter((name) => arms.every(({ arm }) => arm !== name));
  if (unknown.length > 0) {
    const known = arms.map(({ arm }) => arm).join(', ');
    throw new UsageError(`${scenario.name} has no arm ${unknown.join(', ')}; it has ${known}`);
  }
  const chosen = arms.filter(({ arm }) => options.arms?.includes(arm) ?? true);
  const durationSeconds =
    options.durationMs === null
      ? options.quick
        ? soak.quickSeconds
        : soak.durationSeconds
      : options.durationMs / 1000;
  const plant = PLANT_NAMES.find((name) => name === options.soak.plant) ?? null;
  if (plant !== null && chosen.every(({ arm }) => arm !== 'native')) {
    throw new UsageError('--plant leaks in the arm native, which is not part of this run');
  }
  return {
    durationSeconds,
    checkpointSeconds:
      options.soak.checkpointSeconds ?? Math.min(soak.checkpointSeconds, durationSeconds / CHECKPOINTS_MIN),
    sampleSeconds: Math.min(soak.sampleSeconds, durationSeconds / SAMPLES_MIN),
    broadcastsPerSecond: soak.broadcastsPerSecond,
    arms: chosen,
    phases: soak.phases,
    seed: options.seed,
    quick: options.quick,
    plant,
    plantBytesPerSecond: PLANT_BYTES_PER_SECOND,
    limits: LEAK_LIMITS,
  };
}
