import { significant } from '../../../scenarios/harness/format-number.js';
import { createRandom } from '../../../scenarios/harness/statistics/random.js';
import { DEFAULT_SPENDING, gatePlan } from '../statistics/gate-plan.js';
import { normalBank, powerCurve } from '../statistics/power-curve.js';
import type { GateVerdictFile, MetricLine } from '../verdict/gate-verdict.js';
import { metricName } from '../verdict/invocation-units.js';

/** Enough to tell 99 from 97 in a hundred; a curve of a metric takes some tenths of a second. */
const GATES = 200;
/** Several times what a gate takes at most, so that stretches differ. */
const BANK_INVOCATIONS = 960;

/**
 * What this gate could have found: the share of gates that fail at each true slowdown, from normal noise of the deviation
 * that this gate's invocations had. One gate measures too few of them to replay their own.
 */
export function powerNotes(file: GateVerdictFile): string[] {
  const noisy = file.metrics.filter(isNoisy).length;
  return file.metrics.flatMap((line) => powerNote(line, noisy, file.seed));
}

/** @param noisy metrics that share the gate's levels: each fails later than it would in a gate of its own */
function powerNote(line: MetricLine, noisy: number, seed: number): string[] {
  const { unitDeviationPercent: deviation, limitPercent } = line;
  if (!isNoisy(line) || deviation === null || !(deviation > 0)) return [];
  const name = metricName(line);
  const plan = gatePlan([{ name, kind: 'noisy', limitPercent }], {
    falseFailChance: DEFAULT_SPENDING.falseFailChance / noisy,
    suspicionChance: DEFAULT_SPENDING.suspicionChance / noisy,
  });
  const random = createRandom(seed).fork(`power ${name}`);
  const bank = normalBank({ [name]: deviation / 100 }, BANK_INVOCATIONS, random);
  const points = powerCurve(bank, plan, { metric: name, gates: GATES, random });
  const shares = points.map(
    ({ slowdownPercent, fail, gates }) =>
      `${significant((100 * fail) / gates)} % fail at ${Number(slowdownPercent.toPrecision(3))} %`,
  );
  return [
    `power of ${name} at ${significant(deviation)} % between invocations, by its share of the levels, if normal: ${shares.join(', ')}`,
  ];
}

/** What decides over the looks, and shares their levels. */
function isNoisy({ kind, state }: MetricLine): boolean {
  return state === null ? kind === 'timed' : state.kind === 'noisy';
}
