import { createRandom } from '../../../scenarios/harness/statistics/random.js';
import { DEFAULT_SPENDING, gatePlan } from '../statistics/gate-plan.js';
import { normalBank, type PowerPoint, powerCurve } from '../statistics/power-curve.js';
import type { GateVerdictFile, MetricLine } from '../verdict/gate-verdict.js';
import { metricName } from '../verdict/invocation-units.js';

/** Enough to tell 99 from 97 in a hundred; a curve of a metric takes some tenths of a second. */
const GATES = 200;
/** Several times what a gate takes at most, so that stretches differ. */
const BANK_INVOCATIONS = 960;

/** What a gate could have found of one metric. */
export interface MetricPower {
  name: string;
  case: string;
  metric: MetricLine['metric'];
  limitPercent: number;
  /** The noise that it is for: between this gate's invocations. */
  deviationPercent: number;
  points: PowerPoint[];
}

/**
 * The share of gates that fail at each true slowdown, from normal noise of the deviation that this gate's invocations had. One
 * gate measures too few of them to replay their own.
 */
export function gatePower(file: Pick<GateVerdictFile, 'metrics' | 'seed'>): MetricPower[] {
  const noisy = file.metrics.filter(isNoisy).length;
  return file.metrics.flatMap((line) => powerOf(line, noisy, file.seed));
}

/** @param noisy metrics that share the gate's levels: each fails later than it would in a gate of its own */
function powerOf(line: MetricLine, noisy: number, seed: number): MetricPower[] {
  const { unitDeviationPercent: deviationPercent, limitPercent } = line;
  if (!isNoisy(line) || deviationPercent === null || !(deviationPercent > 0)) return [];
  const name = metricName(line);
  const plan = gatePlan([{ name, kind: 'noisy', limitPercent }], {
    falseFailChance: DEFAULT_SPENDING.falseFailChance / noisy,
    suspicionChance: DEFAULT_SPENDING.suspicionChance / noisy,
  });
  const random = createRandom(seed).fork(`power ${name}`);
  const bank = normalBank({ [name]: deviationPercent / 100 }, BANK_INVOCATIONS, random);
  const points = powerCurve(bank, plan, { metric: name, gates: GATES, random });
  return [{ name, case: line.case, metric: line.metric, limitPercent, deviationPercent, points }];
}

/** What decides over the looks, and shares their levels. */
function isNoisy({ kind, state }: MetricLine): boolean {
  return state === null ? kind === 'timed' : state.kind === 'noisy';
}
