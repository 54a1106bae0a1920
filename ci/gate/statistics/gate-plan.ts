import { GateError } from './gate-error.js';
import { SIGNED_RANK_VALUES_MAX, signedRankCritical } from './signed-rank.js';

/** What a gate measures and how it decides, fixed before the first invocation. */
export interface GatePlan {
  metrics: readonly GatedMetric[];
  /** Invocations after which the units are looked at, ascending. */
  looks: readonly number[];
  /** Fresh invocations that confirm a suspect. */
  confirmationInvocations: number;
  /** Invocations after which counters are looked at, ascending; the last of them decides, no later than the first look. */
  counterLooks: readonly number[];
  /** Most chance that a gate fails though no metric is slower than 0.7 L. */
  falseFailChance: number;
  /** Most chance that a gate passes though a metric is slower than L. What is left to 1 % is for inconclusive ones. */
  falsePassChance: number;
  /** Most chance that a metric at 0.7 L is ever suspected by a bound: what unneeded confirmations may cost. */
  suspicionChance: number;
  /** How the chances are spent over the looks; each sums to 1. */
  passWeights: readonly number[];
  suspectWeights: readonly number[];
  failWeights: readonly number[];
}

export interface GatedMetric {
  name: string;
  /** `noisy`: decided over the looks. `counter`: by few invocations, and how many of them say L (`counter.ts`). */
  kind: 'noisy' | 'counter';
  /** L: 5 is a ratio of 1 ÷ 1.05. */
  limitPercent: number;
}

export const DEFAULT_LIMIT_PERCENT = 5;

/** The points of the decision, as shares of L. */
export const PASS_BELOW = 0.9;
export const SUSPECT_ABOVE = 0.7;
export const SUSPECT_ESTIMATE_ABOVE = 0.85;
export const FRESH_ESTIMATE_ABOVE = 0.6;

/**
 * How the levels are spent, and why the promise holds. M noisy metrics, looks at n₁ < … < n_K, c fresh invocations,
 * weights that sum to 1. Each bound below is exact for independent units symmetric about the true log ratio θ
 * (`hodges-lehmann.ts`), at any n fixed beforehand.
 *
 * *At most 1 % of gates fail when every θ ≤ 0.7 L.* A gate fails only if for some metric m and look k the lower bound
 * over the n_k + c pooled units, at level `falseFailChance · failWeights[k] / M`, lies above 0.7 L. How the gate came to
 * look there (which look, which suspicion, what the fresh units alone say) can only make this rarer: for each (m, k)
 * the event "fails here" is contained in "the bound over the first n_k + c units is wrong", and n_k + c is a fixed
 * number. Summing over k and m (Bonferroni) gives at most `falseFailChance`, however the metrics depend on each other.
 *
 * *At most `falsePassChance` of gates pass when some θ ≥ L.* A gate passes only if all metrics do, this one included;
 * so M does not divide (an intersection-union test). It passes at look k only if an upper bound at level
 * `falsePassChance · passWeights[k]` lies below L, therefore below θ. Summing over k gives the chance.
 *
 * *At least 99 % fail when some θ ≥ L* cannot follow from levels alone, since it depends on the noise; where the noise is
 * too high, the rest is inconclusive. It is measured by the power curve and by the simulation in
 * `gate-promise.test.ts`. The levels of suspicion steer it and enter no proof: a gate that suspects early on thin
 * evidence confirms with few units and ends inconclusive, hence their small early weights.
 *
 * Improvements have the same chances for themselves, mirrored.
 */
export const DEFAULT_SPENDING = {
  looks: [12, 24, 48, 96],
  confirmationInvocations: 24,
  counterLooks: [4, 12],
  falseFailChance: 0.01,
  falsePassChance: 0.005,
  suspicionChance: 0.01,
  passWeights: [0.25, 0.25, 0.25, 0.25],
  suspectWeights: [0.06, 0.06, 0.12, 0.76],
  failWeights: [0.25, 0.25, 0.25, 0.25],
} as const satisfies Omit<GatePlan, 'metrics'>;

/** The default plan for these metrics, checked. */
export function gatePlan(
  metrics: readonly GatedMetric[],
  changes: Partial<Omit<GatePlan, 'metrics'>> = {},
): GatePlan {
  const plan = { metrics, ...DEFAULT_SPENDING, ...changes };
  checkPlan(plan);
  return plan;
}

/** Levels of one metric at one look: one-sided chances that a bound is wrong. */
export interface LookLevels {
  pass: number;
  suspect: number;
  /** Of the bound over the units of this look and the fresh ones together. */
  fail: number;
}

export function levelsAt(plan: GatePlan, look: number): LookLevels {
  const noisy = plan.metrics.filter((metric) => metric.kind === 'noisy').length;
  return {
    pass: plan.falsePassChance * plan.passWeights[look],
    suspect: (plan.suspicionChance * plan.suspectWeights[look]) / noisy,
    fail: (plan.falseFailChance * plan.failWeights[look]) / noisy,
  };
}

/** The first look at which a bound can show a slowdown at all: of n units none has a level below 2⁻ⁿ. */
export function suspectsFrom(plan: GatePlan): number {
  const able = plan.looks.findIndex((n, look) => signedRankCritical(n, levelsAt(plan, look).suspect) >= 0);
  // The last look suspects by its estimate, too.
  return plan.looks[able === -1 ? plan.looks.length - 1 : able];
}

/** A share of L as a log ratio: 0.7 of 5 % is ln 1.035, so that percentages mean what they say at any L. */
export function logLimit(limitPercent: number, share = 1): number {
  return Math.log1p((share * limitPercent) / 100);
}

/** A log ratio as a slowdown: 5 means that 1.05 times as much is needed, or 1 ÷ 1.05 as much done. */
export function slowdownPercent(logRatio: number): number {
  return 100 * Math.expm1(logRatio);
}

function checkPlan(plan: GatePlan): void {
  const problems: string[] = [];
  if (plan.metrics.length === 0) problems.push('it gates no metric');
  const names = plan.metrics.map((metric) => metric.name);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  if (twice.length > 0) problems.push(`it names a metric twice: ${[...new Set(twice)].join(', ')}`);
  for (const { name, limitPercent } of plan.metrics) {
    if (!(limitPercent > 0 && Number.isFinite(limitPercent))) {
      problems.push(`the limit of ${name} is ${limitPercent} %; it must be above 0`);
    }
  }
  const { looks } = plan;
  if (looks.length === 0 || looks.some((n, index) => !Number.isInteger(n) || n <= (looks[index - 1] ?? 0))) {
    problems.push(`looks must be whole numbers that rise, and are ${looks.join(', ')}`);
  }
  const { counterLooks } = plan;
  const risen = counterLooks.every((n, index) => Number.isInteger(n) && n > (counterLooks[index - 1] ?? 0));
  if (counterLooks.length === 0 || !risen || counterLooks[counterLooks.length - 1] > looks[0]) {
    problems.push(
      `counterLooks must be whole numbers that rise, up to the first look at most, and are ${counterLooks.join(', ')}`,
    );
  }
  const most = (looks[looks.length - 1] ?? 0) + plan.confirmationInvocations;
  if (most > SIGNED_RANK_VALUES_MAX) {
    problems.push(`it pools up to ${most} invocations; the most is ${SIGNED_RANK_VALUES_MAX}`);
  }
  if (!(Number.isInteger(plan.confirmationInvocations) && plan.confirmationInvocations > 0)) {
    problems.push(
      `confirmationInvocations must be a whole number above 0, and is ${plan.confirmationInvocations}`,
    );
  }
  for (const key of ['falseFailChance', 'falsePassChance', 'suspicionChance'] as const) {
    if (!(plan[key] > 0 && plan[key] < 0.5))
      problems.push(`${key} must lie between 0 and 0.5, and is ${plan[key]}`);
  }
  for (const key of ['passWeights', 'suspectWeights', 'failWeights'] as const) {
    const sum = plan[key].reduce((total, weight) => total + weight, 0);
    if (plan[key].length !== looks.length || plan[key].some((weight) => !(weight >= 0)) || sum > 1 + 1e-12) {
      problems.push(
        `${key} must be ${looks.length} shares that sum to 1 at most, and are ${plan[key].join(', ')}`,
      );
    }
  }
  if (problems.length > 0)
    throw new GateError('ERR_GATE_PLAN', `no gate can follow this plan: ${problems.join('; ')}`);
}
