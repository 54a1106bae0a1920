import { clopperPearson } from '../statistics/clopper-pearson.js';
import { SUSPECT_ABOVE } from '../statistics/gate-plan.js';
import { metricName } from '../verdict/invocation-units.js';
import type { BankMetric } from './bank-lines.js';
import type { EvidenceSeries, Finding, PowerSeries } from './evidence.js';
import { isInjected, isStress, seriesWords } from './selftest-kinds.js';

/** The promise held against what was measured: at most 1 % of gates fail up to 0.7 L, at least 99 % from L on. */
const FAIL_SHARE_MOST = 0.01;
const FAIL_SHARE_LEAST = 0.99;

export function findingsOf(
  series: readonly EvidenceSeries[],
  power: readonly PowerSeries[],
  metrics: readonly BankMetric[],
): Finding[] {
  const limits = new Map(metrics.map((each) => [metricName(each), each.limitPercent]));
  return [
    ...series.map((each) => wholeGatesFinding(each, limits)),
    ...power.flatMap((each) => powerFindings(each, limits.get(each.metric) ?? Number.NaN)),
  ];
}

/** What is promised of a slowdown, as a share of the limit. */
export function promiseAt(shareOfLimit: number): 'no fail' | 'fail' | 'either' {
  if (shareOfLimit <= SUSPECT_ABOVE) return 'no fail';
  return shareOfLimit >= 1 ? 'fail' : 'either';
}

/** Whether the bounds of a count of failed gates lie on the promised side: it takes hundreds of gates. Null where they hold both sides. */
export function agrees(promise: 'no fail' | 'fail', failed: number, gates: number): boolean | null {
  if (gates === 0) return null;
  const [lower, upper] = clopperPearson(failed, gates);
  if (promise === 'no fail') {
    if (lower > FAIL_SHARE_MOST) return false;
    return upper <= FAIL_SHARE_MOST ? true : null;
  }
  if (upper < FAIL_SHARE_LEAST) return false;
  return lower >= FAIL_SHARE_LEAST ? true : null;
}

function wholeGatesFinding(series: EvidenceSeries, limits: ReadonlyMap<string, number>): Finding {
  const { gates, pass, fail, inconclusive, failShare95 } = series.wholeGates;
  const name = seriesWords(series);
  if (gates === 0 || failShare95 === null) {
    return { holds: null, sentence: `${name}: no whole gate yet` };
  }
  const left = series.unfinishedGates === 0 ? '' : `, ${series.unfinishedGates} unfinished`;
  const counts = `${gates} whole gate${gates === 1 ? '' : 's'}: ${pass} pass, ${fail} fail, ${inconclusive} inconclusive${left}`;
  const bounds = `failing ${sharesWords(failShare95)}`;
  if (!isInjected(series.kind)) {
    const holds = agrees('no fail', fail, gates);
    const promise = isStress(series.kind)
      ? 'pass or inconclusive was promised'
      : 'at most 1 % failing was promised';
    return { holds, sentence: `${name}: ${counts} (${bounds}); ${promise}, which ${keptWords(holds)}` };
  }
  // The metric that is furthest up to its limit decides what the gate is to say, whatever the work was meant to slow: a gate
  // may fail by what came along.
  const furthest = series.metrics
    .filter((each) => each.slowdownPercent !== null)
    .map(({ name: metric, slowdownPercent }) => ({
      ...{ metric, percent: slowdownPercent ?? 0 },
      share: (slowdownPercent ?? 0) / (limits.get(metric) ?? Number.NaN),
    }))
    .sort((left, right) => right.share - left.share)[0];
  if (furthest === undefined) return { holds: null, sentence: `${name}: ${counts}; no usable invocation` };
  const measured = `measured ${furthest.percent.toFixed(2)} % in ${furthest.metric}`;
  const promise = promiseAt(furthest.share);
  if (promise === 'either') {
    const sentence = `${name}, ${measured}: ${counts} (${bounds}); between 0.7 L and L nothing is promised`;
    return { holds: null, sentence };
  }
  const holds = agrees(promise, fail, gates);
  const what = promise === 'fail' ? 'at least 99 % failing' : 'at most 1 % failing';
  return {
    holds,
    sentence: `${name}, ${measured}: ${counts} (${bounds}); ${what} was promised, which ${keptWords(holds)}`,
  };
}

function powerFindings({ metric, points }: PowerSeries, limitPercent: number): Finding[] {
  return (['no fail', 'fail'] as const).map((promise) => {
    const own = points.filter(({ slowdownPercent }) => promiseAt(slowdownPercent / limitPercent) === promise);
    const answers = own.map(({ fail, gates }) => agrees(promise, fail, gates));
    const holds = answers.includes(false) ? false : answers.includes(null) ? null : true;
    const shares = own.map(
      ({ slowdownPercent, fail, gates }) => `${((100 * fail) / gates).toFixed(1)} % at ${slowdownPercent} %`,
    );
    const range =
      promise === 'fail' ? `from ${limitPercent} % on` : `up to ${Number((0.7 * limitPercent).toFixed(6))} %`;
    const sentence = `replayed, ${metric}: of slowdowns ${range} fail ${shares.join(', ')}; the promise ${keptWords(holds)}`;
    return { holds, sentence };
  });
}

function keptWords(holds: boolean | null): string {
  if (holds === null) return 'so few gates neither show nor refute';
  return holds ? 'holds' : 'does not hold';
}

export function sharesWords([lower, upper]: readonly [number, number]): string {
  return `${(100 * lower).toFixed(1)} to ${(100 * upper).toFixed(1)} %`;
}
