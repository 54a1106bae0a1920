import { FRESH_ESTIMATE_ABOVE, PASS_BELOW, SUSPECT_ABOVE, SUSPECT_ESTIMATE_ABOVE } from './gate-plan.js';
import type { EarlyEnd, GateVerdict, MetricState, Side, SideConfirmation, SideLook } from './gate-state.js';

/** A decision in words: what was found, the value, the limit it was held against, and after how many invocations. */

function percent(value: number | null, missing: string): string {
  return value === null ? missing : `${value.toFixed(2)} %`;
}

function shareOf(metric: MetricState, share: number): string {
  return `${Number((share * metric.limitPercent).toFixed(3))} %`;
}

export function lookWords(metric: MetricState, side: Side, look: SideLook): string {
  const seen =
    `${metric.name}: ${look.estimatePercent.toFixed(2)} % ${side} after ${look.invocations} invocations ` +
    `(${percent(look.lowerPercent, 'no lower bound by so few')} to ${percent(look.upperPercent, 'no upper bound by so few')})`;
  switch (look.finding) {
    case 'suspect':
      return look.lowerPercent !== null && look.lowerPercent > SUSPECT_ABOVE * metric.limitPercent
        ? `${seen}: above ${shareOf(metric, SUSPECT_ABOVE)}`
        : `${seen}: the last look's estimate is above ${shareOf(metric, SUSPECT_ESTIMATE_ABOVE)}`;
    case 'cleared':
      return look.upperPercent !== null && look.upperPercent < PASS_BELOW * metric.limitPercent
        ? `${seen}: below ${shareOf(metric, PASS_BELOW)}`
        : `${seen}: below the limit of ${shareOf(metric, 1)} at the last look`;
    case 'undecided':
      return `${seen}: too noisy, the last look does not exclude the limit of ${shareOf(metric, 1)}`;
    default:
      return `${seen}: neither below ${shareOf(metric, PASS_BELOW)} nor above ${shareOf(metric, SUSPECT_ABOVE)} yet`;
  }
}

export function confirmationWords(
  metric: MetricState,
  side: Side,
  confirmed: boolean,
  { freshInvocations, freshEstimatePercent, pooledInvocations, ...pooled }: SideConfirmation,
): string {
  return (
    `${metric.name}: ${pooled.pooledEstimatePercent.toFixed(2)} % ${side}, ${confirmed ? '' : 'not '}confirmed: ` +
    `${freshInvocations} fresh invocations say ${freshEstimatePercent.toFixed(2)} % (above ` +
    `${shareOf(metric, FRESH_ESTIMATE_ABOVE)} needed), all ${pooledInvocations} together at least ` +
    `${percent(pooled.pooledLowerPercent, 'nothing')} (above ${shareOf(metric, SUSPECT_ABOVE)} needed)`
  );
}

export function verdictWords(verdict: GateVerdict, metrics: readonly MetricState[]): string[] {
  const improved = metrics
    .filter(({ faster }) => faster.finding === 'confirmed')
    .map(({ faster }) => faster.reason);
  if (verdict === 'pass') {
    return [...metrics.map(({ slower }) => slower.reason), ...improved];
  }
  // With a confirmed slowdown the gate has failed; what else is open changes nothing.
  const deciding =
    verdict === 'fail'
      ? metrics.filter(({ slower }) => slower.finding === 'confirmed')
      : metrics.filter(({ slower }) => slower.finding !== 'cleared');
  return [
    ...deciding.map(({ name, slower }) => slower.reason || `${name}: ended before its first look`),
    ...improved,
  ];
}

export function measuringWords(metrics: readonly MetricState[]): string[] {
  const waiting = metrics.flatMap(({ slower, faster }) =>
    [slower, faster].filter(({ finding }) => finding === 'open' || finding === 'suspect'),
  );
  return waiting.map(({ reason }) => reason).filter((reason) => reason !== '');
}

export function endWords(
  ended: EarlyEnd,
  phase: 'looking' | 'confirming',
  invocations: number,
  wanted: number,
): string {
  const what = phase === 'looking' ? 'the next look' : 'the confirmation';
  const why =
    ended === 'budget'
      ? 'the time budget ended; give more with --budget'
      : 'interrupted before it was decided';
  return `${why}: ${what} needs ${wanted} invocations, and there were ${invocations}`;
}
