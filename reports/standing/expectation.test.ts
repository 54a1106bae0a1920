import { describe, expect, it } from 'vitest';
import type { CheckRecord } from '../../scenarios/harness/record.js';
import { expectationOf, targetText } from './expectation.js';

function check(expression: string, limit: number): CheckRecord {
  return {
    id: 'c',
    case: 'tcp',
    kind: 'service-level',
    expression,
    limit,
    value: 1,
    verdict: 'pass',
    reason: null,
  };
}

describe('an expectation', () => {
  it.each([
    ['throughput_ops_per_s: native against baseline ≥ 15×', 15, 'ratio-min', '≥ 15× baseline'],
    ['throughput_ops_per_s: native against rival:node-net ≥ 2.5×', 2.5, 'ratio-min', '≥ 2.5× node-net'],
    [
      'cpu_ns_per_op: native:own-thread against native ≤ 1.3× the cost',
      1.3,
      'quotient-max',
      '≤ 1.3× the cost of native',
    ],
    ['latency_ns_p99: native ≤ 100000', 100_000, 'value-max', '≤ 100\u202fµs'],
    ['throughput_bytes_per_s: native ≥ 3000000000', 3e9, 'value-min', '≥ 3\u202fGB/s'],
    ['availability_rate: native ≥ 0.9999', 0.9999, 'value-min', '≥ 99.99 %'],
    ['payload_copies_per_op: native ≤ 0', 0, 'value-max', '≤ 0 per operation'],
    [
      'speedup_against_alu: native, lower end of the 95 % interval ≥ 0.95',
      0.95,
      'interval-min',
      '≥ 0.95 at the interval’s lower end',
    ],
  ])('is read from %j', (expression, limit, form, target) => {
    const read = expectationOf(check(expression, limit));
    expect(read).toMatchObject({ form, limit, metric: expression.split(':')[0] });
    const unit = expression.startsWith('payload') ? 'per operation' : '';
    expect(targetText(check(expression, limit), read, unit)).toBe(target);
  });

  it('names both arms of a comparison', () => {
    const read = expectationOf(
      check('cpu_ns_per_op: native:own-thread against rival:node-net ≤ 2× the cost', 2),
    );
    expect(read).toMatchObject({ arm: 'native:own-thread', against: 'rival:node-net' });
  });

  it.each(['messages per session, least of all arms ≥ 1000', 'native scaling ≥ 14×', 'ledger', ''])(
    'that is about something else, %j, is shown as it stands',
    (expression) => {
      expect(expectationOf(check(expression, 1))).toBeNull();
      expect(targetText(check(expression, 1), null, '')).toBe(expression);
    },
  );
});
