import { mean } from '../../../scenarios/harness/statistics/quantile.js';
import { clopperPearson } from '../statistics/clopper-pearson.js';
import type { PowerPoint } from '../statistics/power-curve.js';
import type { GateTally, ReplayedTally } from './evidence.js';
import type { PlayedGate } from './whole-gates.js';

/** Counted verdicts with the bounds of their shares. */
export function tallyOf(gates: readonly PlayedGate[]): GateTally {
  const count = (verdict: PlayedGate['verdict']): number =>
    gates.filter((gate) => gate.verdict === verdict).length;
  const counts = { pass: count('pass'), fail: count('fail'), inconclusive: count('inconclusive') };
  return {
    gates: gates.length,
    ...counts,
    failShare95: gates.length === 0 ? null : clopperPearson(counts.fail, gates.length),
    passShare95: gates.length === 0 ? null : clopperPearson(counts.pass, gates.length),
    invocationsMean: gates.length === 0 ? null : mean(gates.map(({ invocations }) => invocations)),
  };
}

export function replayedTally(metric: string, point: PowerPoint): ReplayedTally {
  return { metric, ...point, passShare95: clopperPearson(point.pass, point.gates) };
}
