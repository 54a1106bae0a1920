import { mean } from '../../../scenarios/harness/statistics/quantile.js';
import type { Random } from '../../../scenarios/harness/statistics/random.js';
import { clopperPearson } from './clopper-pearson.js';
import { drawNormal } from './draw-normal.js';
import { decideGate, type InvocationUnits } from './gate-decision.js';
import { GateError } from './gate-error.js';
import { type GatePlan, logLimit } from './gate-plan.js';

/**
 * How often this gate, on this machine's noise, answers what at which true slowdown: gates replayed from measured
 * units. Each uninterrupted measuring run is centred on its own mean, so that only its noise is left; a gate takes a
 * contiguous stretch of them, which keeps whatever correlation neighbours have; one metric is shifted by the slowdown.
 */
export interface UnitBank {
  /** Uninterrupted measuring runs, each in the order of time. */
  runs: readonly (readonly InvocationUnits[])[];
}

export interface PowerPoint {
  slowdownPercent: number;
  gates: number;
  pass: number;
  fail: number;
  inconclusive: number;
  /** Clopper–Pearson, 95 %, as if the stretches did not overlap. */
  failShare95: [number, number];
  invocationsMean: number;
}

export interface PowerOptions {
  /** The metric that is shifted; the others stay at 0. */
  metric: string;
  gates: number;
  random: Random;
  /** Those of the promise unless given: 0, 2, 3, 3.5, 4, 4.5, 5, 6 at a limit of 5 %, and in proportion at another. */
  slowdownsPercent?: readonly number[];
}

/** Shares of L at which a curve is drawn. */
const CURVE_SHARES = [0, 0.4, 0.6, 0.7, 0.8, 0.9, 1, 1.2];

export function powerCurve(bank: UnitBank, plan: GatePlan, options: PowerOptions): PowerPoint[] {
  const metric = plan.metrics.find(({ name, kind }) => name === options.metric && kind === 'noisy');
  if (metric === undefined) {
    const names = plan.metrics.filter(({ kind }) => kind === 'noisy').map(({ name }) => name);
    throw new GateError(
      'ERR_GATE_ARGUMENT',
      `${options.metric} has no power curve; those that have: ${names.join(', ')}`,
    );
  }
  const noise = bank.runs.flatMap((run) => centred(run, plan));
  const most = plan.looks[plan.looks.length - 1] + plan.confirmationInvocations;
  if (noise.length < most) {
    throw new GateError(
      'ERR_GATE_ARGUMENT',
      `a bank of ${noise.length} invocations would repeat itself within a gate of ${most}; measure ${most - noise.length} more`,
    );
  }
  // The same stretches at every slowdown, so that the curve shows the slowdown and not the draw.
  const starts = Array.from({ length: options.gates }, () => options.random.below(noise.length));
  const slowdowns =
    options.slowdownsPercent ?? CURVE_SHARES.map((share) => cleanPercent(share * metric.limitPercent));
  return slowdowns.map((slowdownPercent) => {
    const shifted = noise.map((units) => ({
      ...units,
      [metric.name]: units[metric.name] + logLimit(slowdownPercent),
    }));
    const circle = [...shifted, ...shifted];
    const counts = { pass: 0, fail: 0, inconclusive: 0 };
    let invocations = 0;
    for (const start of starts) {
      const state = decideGate(plan, circle.slice(start, start + most));
      counts[state.verdict ?? 'inconclusive']++;
      invocations += state.invocations;
    }
    return {
      slowdownPercent,
      gates: starts.length,
      ...counts,
      failShare95: clopperPearson(counts.fail, starts.length),
      invocationsMean: invocations / starts.length,
    };
  });
}

/**
 * A bank of normal noise with the deviation of each metric's units, for a machine without a measured one. It knows
 * nothing of tails or of neighbours alike, so a curve from it is what can be hoped for.
 */
export function normalBank(
  deviations: Readonly<Record<string, number>>,
  invocations: number,
  random: Random,
): UnitBank {
  const run = Array.from({ length: invocations }, () =>
    Object.fromEntries(
      Object.entries(deviations).map(([name, deviation]) => [name, deviation * drawNormal(random)]),
    ),
  );
  return { runs: [run] };
}

function centred(run: readonly InvocationUnits[], plan: GatePlan): InvocationUnits[] {
  const middles = plan.metrics.map(({ name, kind }) => ({
    name,
    // What has no noise has nothing to replay.
    middle: kind === 'counter' ? null : mean(run.map((units) => units[name])),
  }));
  return run.map((units) =>
    Object.fromEntries(middles.map(({ name, middle }) => [name, middle === null ? 0 : units[name] - middle])),
  );
}

/** 3.5, not 3.4999999999999996. */
function cleanPercent(percent: number): number {
  return Number(percent.toFixed(9));
}
