import { clopperPearson } from '../statistics/clopper-pearson.js';
import { SUSPECT_ABOVE } from '../statistics/gate-plan.js';
import { metricName } from '../verdict/invocation-units.js';
import type { BankMetric } from './bank-lines.js';
import type { EvidenceSeries, Finding, GateTally, PowerSeries } from './evidence.js';
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
    ...series.flatMap((each) => replayedFindings(each, limits)),
    ...power.flatMap((each) => powerFindings(each, limits.get(each.metric) ?? Number.NaN)),
  ];
}

/** What may be promised, by growing slowdown: at most 1 % failing, nothing, at least 99 % failing. */
const PROMISES = ['no fail', 'either', 'fail'] as const;
type Promised = (typeof PROMISES)[number];

/** What is promised of a slowdown, as a share of the limit. */
export function promiseAt(shareOfLimit: number): Promised {
  if (shareOfLimit <= SUSPECT_ABOVE) return 'no fail';
  return shareOfLimit >= 1 ? 'fail' : 'either';
}

/** What may be promised of a slowdown of which only an interval is known: several things where it holds 0.7 L or L. */
export function promisesWithin([least, most]: readonly [least: number, most: number]): Promised[] {
  return PROMISES.slice(PROMISES.indexOf(promiseAt(least)), PROMISES.indexOf(promiseAt(most)) + 1);
}

/**
 * Whether gates keep what may have been promised of them: true where all of it is kept. What is broken on one side of a bound may
 * be no promise on the other, so only a promise that is sure can be broken.
 */
export function keeps(promises: readonly Promised[], failed: number, gates: number): boolean | null {
  const binding = promises.filter((each) => each !== 'either');
  const answers = binding.map((each) => agrees(each, failed, gates));
  if (answers.length > 0 && answers.every((each) => each === true)) return true;
  return promises.length === 1 ? (answers[0] ?? null) : null;
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
  const { gates, fail } = series.wholeGates;
  const name = seriesWords(series);
  if (gates === 0) return { holds: null, sentence: `${name}: no whole gate yet` };
  const left = series.unfinishedGates === 0 ? '' : `, ${series.unfinishedGates} unfinished`;
  const counts = `${countsWords(series.wholeGates, 'whole gate')}${left}`;
  if (!isInjected(series.kind)) {
    const holds = agrees('no fail', fail, gates);
    const promise = isStress(series.kind)
      ? 'pass or inconclusive was promised'
      : 'at most 1 % failing was promised';
    return { holds, sentence: `${name}: ${counts}; ${promise}, which ${keptWords(holds)}` };
  }
  const reach = reachOf(series, limits);
  if (reach === null) return { holds: null, sentence: `${name}: ${counts}; no usable invocation` };
  const holds = keeps(reach.promises, fail, gates);
  return { holds, sentence: `${name}, ${reach.words}: ${counts}; ${promisedWords(reach.promises, holds)}` };
}

/** Of the slowdown that was wanted, whatever the work came to: replays are shifted to it. */
function replayedFindings(series: EvidenceSeries, limits: ReadonlyMap<string, number>): Finding[] {
  return (series.replayedGates ?? []).map(({ metric, slowdownPercent, ...tally }) => {
    const promise = promiseAt(slowdownPercent / (limits.get(metric) ?? Number.NaN));
    const holds = keeps([promise], tally.fail, tally.gates);
    const sentence = `${seriesWords(series)}, replayed at ${slowdownPercent} %, ${metric}: ${countsWords(tally, 'gate')}; ${promisedWords([promise], holds)}`;
    return { holds, sentence };
  });
}

/**
 * What may be promised of a series, by the intervals of all its metrics: one that is slower decides what the gate is to say,
 * whatever the work was meant to slow. Named is the metric that is surely the furthest up to its limit, and the one that may be
 * further where that makes a difference.
 */
function reachOf(
  { metrics }: EvidenceSeries,
  limits: ReadonlyMap<string, number>,
): { words: string; promises: Promised[] } | null {
  const measured = metrics
    .flatMap(({ name, slowdownPercent, interval95 }) => {
      if (slowdownPercent === null) return [];
      const limit = limits.get(name) ?? Number.NaN;
      const [low, high] = interval95 ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
      const shares = { share: slowdownPercent / limit, least: low / limit, most: high / limit };
      return [{ name, slowdownPercent, interval95, high, ...shares }];
    })
    .sort((left, right) => right.share - left.share);
  if (measured.length === 0) return null;
  const surest = measured.reduce((best, each) => (each.least > best.least ? each : best));
  const highest = measured.reduce((best, each) => (each.most > best.most ? each : best));
  const promises = promisesWithin([surest.least, highest.most]);
  const interval =
    surest.interval95 === null
      ? 'without an interval'
      : `[${surest.interval95.map((each) => each.toFixed(2)).join(', ')}]`;
  const further =
    promiseAt(highest.most) === promiseAt(surest.most)
      ? ''
      : ` and up to ${highest.high.toFixed(2)} % in ${highest.name}`;
  return {
    words: `measured ${surest.slowdownPercent.toFixed(2)} % ${interval} in ${surest.name}${further}`,
    promises,
  };
}

function promisedWords(promises: readonly Promised[], holds: boolean | null): string {
  const [least, most] = [promises[0], promises[promises.length - 1]];
  if (least !== most) {
    const bounds = [...(least === 'no fail' ? ['0.7 L'] : []), ...(most === 'fail' ? ['L'] : [])];
    const kept = holds
      ? 'what is promised on either side holds'
      : 'these gates neither show nor refute the promise';
    return `the slowdown may lie on either side of ${bounds.join(' and of ')}, and ${kept}`;
  }
  if (least === 'either') return 'between 0.7 L and L nothing is promised';
  return `${least === 'fail' ? 'at least 99 %' : 'at most 1 %'} failing was promised, which ${keptWords(holds)}`;
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

function countsWords({ gates, pass, fail, inconclusive, failShare95 }: GateTally, what: string): string {
  const bounds = failShare95 === null ? '' : ` (failing ${sharesWords(failShare95)})`;
  return `${gates} ${what}${gates === 1 ? '' : 's'}: ${pass} pass, ${fail} fail, ${inconclusive} inconclusive${bounds}`;
}

function keptWords(holds: boolean | null): string {
  if (holds === null) return 'so few gates neither show nor refute';
  return holds ? 'holds' : 'does not hold';
}

export function sharesWords([lower, upper]: readonly [number, number]): string {
  return `${(100 * lower).toFixed(1)} to ${(100 * upper).toFixed(1)} %`;
}
