import { describe, expect, it } from 'vitest';
import { BUILT_IN_DEFAULTS } from '../../../scenarios/harness/case-parameters.js';
import { CLOSED_CASE, gatedMetrics } from './gated-metrics.js';
import { invocationSeconds, planInvocation } from './invocation-plan.js';

const planOf = (casePattern: string | null, metricPattern: string | null = null) =>
  planInvocation(gatedMetrics({ casePattern, metricPattern, limitPercent: 5 }), BUILT_IN_DEFAULTS);

describe('what an invocation takes', () => {
  it('is estimated from what it does', () => {
    const whole = planOf(null);
    const closed = planOf(CLOSED_CASE);
    const rate = planOf(CLOSED_CASE, 'throughput*');
    expect(invocationSeconds(whole)).toBeGreaterThan(invocationSeconds(closed) + 3);
    expect(invocationSeconds(closed)).toBeGreaterThan(invocationSeconds(rate));
    expect(invocationSeconds({ ...whole, blocks: 3 * whole.blocks })).toBeGreaterThan(
      1.5 * invocationSeconds(whole),
    );
    expect(invocationSeconds({ ...whole, warmUp: { ...whole.warmUp, secondsMax: 0 } })).toBeLessThan(
      invocationSeconds(whole) - 1,
    );
  });
});
