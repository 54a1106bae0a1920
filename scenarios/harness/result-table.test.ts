import { describe, expect, it } from 'vitest';
import { formatBytes, formatNs, formatRatio, formatSi } from './format-number.js';
import { alignColumns, renderResults } from './result-table.js';
import { sampleArm, sampleCase, sampleRecord } from './testing/sample-record.js';

const FIVE = [1, 1, 1, 1, 1];

describe('numbers', () => {
  it('have three significant digits and SI prefixes', () => {
    expect([0, 0.01234, 1.5, 999.4, 1_000, 12_345, 999_999, 1.5e9].map(formatSi)).toEqual([
      '0',
      '0.0123',
      '1.50',
      '999',
      '1.00 k',
      '12.3 k',
      '1.00 M',
      '1.50 G',
    ]);
    expect([85, 9_600, 1.5e7, 2e9].map(formatNs)).toEqual(['85.0 ns', '9.60 µs', '15.0 ms', '2.00 s']);
    expect([430, 5_570].map(formatBytes)).toEqual(['430 B', '5.57 kB']);
    expect(formatRatio(21.44, [20.6, 22.31])).toBe('21.4× [20.6, 22.3]');
    expect(formatSi(Number.NaN)).toBe('n/a');
  });

  it('stand under each other', () => {
    expect(
      alignColumns([
        ['a', 'b'],
        ['long', '1'],
      ]),
    ).toEqual(['a     b', 'long  1']);
  });
});

describe('the results', () => {
  const native = sampleArm({
    throughput_ops_per_s: FIVE.map(() => 1.2e6),
    cpu_ns_per_op: FIVE.map(() => 850),
    latency_ns_p50: FIVE.map(() => 1.5e6),
    memory_bytes_per_session: FIVE.map(() => 430),
  });
  const baseline = sampleArm({ throughput_ops_per_s: FIVE.map(() => 1e5) });
  const record = sampleRecord({
    tcp: sampleCase({ native, baseline }, { absentArms: { limit: 'not built' } }),
    'tcp/depth=9': sampleCase({}, { status: 'not-measurable', reason: 'too few descriptors' }),
  });
  record.checks.push(
    {
      id: 'a',
      case: 'tcp',
      kind: 'service-level',
      expression: 'throughput ≥ 15×',
      value: 12,
      limit: 15,
      verdict: 'missed',
      reason: 'generator-bound',
    },
    {
      id: 'b',
      case: 'tcp',
      kind: 'correctness',
      expression: 'ledger',
      value: 0,
      limit: 0,
      verdict: 'pass',
      reason: null,
    },
    {
      id: 'c',
      case: 'tcp',
      kind: 'correctness',
      expression: 'errors',
      value: 2,
      limit: 0,
      verdict: 'fail',
      reason: 'why',
    },
  );
  const text = renderResults(record);

  it('show each arm with its ratio to the baseline', () => {
    expect(text).toMatch(/^ {2}native +1\.20 M .* 12\.0× \[12\.0, 12\.0\] +850 ns +1\.50 ms +n\/a$/m);
    expect(text).toContain('memory per idle session: native 430 B');
  });

  it('say what was missed, what failed and what could not be measured, and leave out what passed', () => {
    expect(text).toMatch(/MISSED +throughput ≥ 15×: 12\.0 \(generator-bound\)/);
    expect(text).toMatch(/FAIL +errors: 2\.00 \(why\)/);
    expect(text).not.toMatch(/pass +ledger/);
    expect(text).toContain('limit: not measurable here: not built');
    expect(text).toMatch(/tcp\/depth=9\n {2}not measurable here: too few descriptors/);
  });

  it('sum up the ledger and the noise', () => {
    expect(text).toMatch(/ledger: 20\.0 sent, 20\.0 delivered, 0 lost, 0 duplicated/);
    expect(text).toMatch(/noise: a fixed 4 ms kernel spread by 3\.00 %/);
  });
});
