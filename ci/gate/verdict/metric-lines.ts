import { median, standardDeviation } from '../../../scenarios/harness/statistics/quantile.js';
import type { GatedMetric } from '../invocation/gated-metrics.js';
import type { InvocationLine } from '../invocation/invocation-record.js';
import { type GateBlock, inRunNoise } from '../statistics/block-unit.js';
import { GateError } from '../statistics/gate-error.js';
import { slowdownPercent } from '../statistics/gate-plan.js';
import type { GateState } from '../statistics/gate-state.js';
import { type Location, locationOf } from '../statistics/hodges-lehmann.js';
import type { MetricLine } from './gate-verdict.js';
import { countedUnit, countedValue, gateBlocks, metricName, timedUnit } from './invocation-units.js';

/** Each metric's figures over the invocations that were used, decided or shown. */
export function metricLines(
  metrics: readonly GatedMetric[],
  used: readonly InvocationLine[],
  state: GateState | null,
): MetricLine[] {
  return metrics.map((gated) => {
    const figures = isCounted(gated) ? countedFigures(used, gated) : timedFigures(used, gated);
    const own = state?.metrics.find(({ name }) => name === metricName(gated)) ?? null;
    const { case: caseName, metric, kind, limitPercent } = gated;
    return { case: caseName, metric, kind, limitPercent, ...figures, state: own };
  });
}

type Figures = Omit<MetricLine, 'case' | 'metric' | 'kind' | 'limitPercent' | 'state'>;

const NONE: Figures = {
  base: null,
  candidate: null,
  slowdownPercent: null,
  interval95Percent: null,
  noise: null,
  unitDeviationPercent: null,
};

function isCounted({ kind }: GatedMetric): boolean {
  return kind === 'tally' || kind === 'counter';
}

function countedFigures(used: readonly InvocationLine[], gated: GatedMetric): Figures {
  const counted = used.filter((line) => countedUnit(line, gated) !== null);
  if (counted.length === 0) return NONE;
  const of = (arm: 'base' | 'candidate'): number =>
    median(counted.map((line) => countedValue(line, gated, arm) ?? Number.NaN));
  const units = counted.map((line) => countedUnit(line, gated) ?? Number.NaN);
  const figures = { ...NONE, base: of('base'), candidate: of('candidate') };
  if (gated.kind === 'tally' && units.every(Number.isFinite)) {
    const location = locationOf(units);
    return {
      ...figures,
      slowdownPercent: slowdownPercent(location.estimate),
      interval95Percent: intervalOf(location),
      unitDeviationPercent: units.length < 2 ? null : 100 * standardDeviation(units),
    };
  }
  const unit = median(units);
  // From nothing to something is no quotient, and JSON has no infinity.
  return { ...figures, slowdownPercent: Number.isFinite(unit) ? slowdownPercent(unit) : null };
}

function timedFigures(used: readonly InvocationLine[], gated: GatedMetric): Figures {
  if (used.length === 0) return NONE;
  try {
    const blocks = used.map((line) => gateBlocks(line, gated, 'candidate'));
    const units = used.map((line) => timedUnit(line, gated, 'candidate'));
    const noises = blocks.map(inRunNoise);
    const location = locationOf(units);
    const of = (arm: 'base' | 'candidate'): number =>
      median(blocks.map((each) => median(each.flatMap((block) => valuesOf(block, arm)))));
    return {
      base: of('base'),
      candidate: of('candidate'),
      slowdownPercent: slowdownPercent(location.estimate),
      interval95Percent: intervalOf(location),
      noise: {
        windowDeviationPercent: median(noises.map((each) => each.windowDeviationPercent)),
        windowRootMeanSquarePercent: median(noises.map((each) => each.windowRootMeanSquarePercent)),
      },
      unitDeviationPercent: units.length < 2 ? null : 100 * standardDeviation(units),
    };
  } catch (error) {
    // A window without work; the verdict says which.
    if (error instanceof GateError) return NONE;
    throw error;
  }
}

function intervalOf(location: Location): [number, number] | null {
  const [low, high] = [location.lowerBound(0.025), location.upperBound(0.025)];
  // Of five values no interval has this level.
  return Number.isFinite(low) && Number.isFinite(high) ? [slowdownPercent(low), slowdownPercent(high)] : null;
}

/** The outer windows are those of the first arm. */
function valuesOf({ first, values }: GateBlock, arm: 'base' | 'candidate'): number[] {
  const [one, two, three, four] = values;
  return first === arm ? [one, four] : [two, three];
}
