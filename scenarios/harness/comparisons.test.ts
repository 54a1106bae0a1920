import { describe, expect, it } from 'vitest';
import { compareArms, compareCases, pairsOf } from './comparisons.js';
import { createRandom } from './statistics/random.js';
import { sampleArm, sampleCase } from './testing/sample-record.js';

const native = sampleArm({ throughput_ops_per_s: [20, 22, 24, 26, 28], cpu_ns_per_op: [5, 5, 5, 5, 5] });
const baseline = sampleArm({
  throughput_ops_per_s: [10, 10, 12, 12, 14],
  cpu_ns_per_op: [20, 20, 20, 20, 20],
});
const arms = { native, baseline };
const compare = (metric: 'throughput_ops_per_s' | 'cpu_ns_per_op', pair: [string, string]) =>
  compareArms('tcp', metric, pair, arms, createRandom(1))!;

describe('a comparison', () => {
  it('is the median of paired ratios, better above 1 for rates and for costs', () => {
    const throughput = compare('throughput_ops_per_s', ['native', 'baseline']);
    // Per round 2, 2.2, 2, 2.17, 2: not the quotient of the medians.
    expect(throughput.ratio).toBeCloseTo(2, 9);
    expect(throughput.n).toBe(5);
    expect(throughput.rounds?.[1]).toBeCloseTo(2.2, 9);
    expect(throughput.ci95?.[0]).toBeGreaterThanOrEqual(1.999);
    expect(throughput.ci95?.[1]).toBeLessThanOrEqual(2.201);
    expect(compare('cpu_ns_per_op', ['native', 'baseline']).ratio).toBeCloseTo(4, 9);
  });

  it('flips its sign when the arms are swapped', () => {
    const forth = compare('throughput_ops_per_s', ['native', 'baseline']);
    const back = compare('throughput_ops_per_s', ['baseline', 'native']);
    expect(forth.ratio * back.ratio).toBeCloseTo(1, 12);
  });

  it('pairs by round: a round one arm lacks does not count', () => {
    const shorter = { ...baseline, rounds: baseline.rounds.slice(1) };
    const result = compareArms(
      'tcp',
      'throughput_ops_per_s',
      ['native', 'baseline'],
      { native, baseline: shorter },
      createRandom(1),
    );
    expect(result?.n).toBe(4);
    expect(result?.ci95).toBeNull();
  });

  it('is marked when the generator was the limit in either arm', () => {
    const bound = structuredClone(baseline);
    bound.metrics.throughput_ops_per_s.mark = 'generator-bound';
    const pair = { native, baseline: bound };
    const marks = compareCases({ tcp: sampleCase(pair) }, createRandom(1)).map((each) => each.mark);
    expect(marks).toEqual(['generator-bound', undefined]);
  });

  it('is made of native with every other arm, and of the safe path with the baseline', () => {
    expect(pairsOf(['native', 'native:owned', 'baseline', 'limit'])).toEqual([
      ['native', 'native:owned'],
      ['native', 'baseline'],
      ['native', 'limit'],
      ['native:owned', 'baseline'],
    ]);
    expect(pairsOf(['baseline', 'limit'])).toEqual([]);
  });

  it('asks of a thread of its own what it costs, not what the event loop gains', () => {
    expect(pairsOf(['native', 'native:own-thread', 'limit'])).toEqual([
      ['native', 'limit'],
      ['native:own-thread', 'native'],
    ]);
  });
});
