import * as hdr from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { LATENCY_HALF_BITS } from '../layout.generated.js';
import { highestLatencyNs, LATENCY_BUCKETS, LATENCY_NS_MAX, latencyBucketOf } from './latency-buckets.js';
import { LatencyHistogram } from './latency-histogram.js';

const SEED = 20_250_719;
const SAMPLES = 40_000;
const QUANTILES = [0.001, 0.01, 0.1, 0.25, 0.5, 0.9, 0.99, 0.999, 1];

/** Values of all magnitudes, seeded; `native/base/latency_histogram_test.cc` draws the same. */
function* seededLatencies(samples = SAMPLES): Generator<number> {
  let state = SEED;
  const draw = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  for (let i = 0; i < samples; i++) {
    const high = draw();
    const low = draw();
    yield Math.floor((high * 16 + (low % 16)) / 2 ** ((low >>> 8) % 33));
  }
}

/** What hdr-histogram-js says of the seeded latencies; never above the longest, which it keeps to its bucket only. */
function hdrPercentiles(digits: 2 | 3): number[] {
  const histogram = hdr.build({
    bitBucketSize: 64,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: LATENCY_NS_MAX,
    numberOfSignificantValueDigits: digits,
  });
  for (const latency of seededLatencies()) histogram.recordValue(latency);
  const longest = Math.max(...seededLatencies());
  return QUANTILES.map((quantile) => Math.min(histogram.getValueAtPercentile(quantile * 100), longest));
}

function recorded(latencies: Iterable<number>): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const latency of latencies) histogram.record(latency);
  return histogram;
}

describe('the buckets of a latency histogram', () => {
  it('follow one another without a gap', () => {
    for (let bucket = 0; bucket + 1 < LATENCY_BUCKETS; bucket++) {
      const highest = highestLatencyNs(bucket);
      if (latencyBucketOf(highest) !== bucket || latencyBucketOf(highest + 1) !== bucket + 1) {
        expect.fail(`bucket ${bucket} ends at ${highest}`);
      }
    }
    expect(highestLatencyNs(LATENCY_BUCKETS - 1)).toBe(LATENCY_NS_MAX);
  });

  it('take any number', () => {
    expect([0, -5, Number.NaN, 0.9].map(latencyBucketOf)).toEqual([0, 0, 0, 0]);
    expect([LATENCY_NS_MAX, 1e300, Number.POSITIVE_INFINITY].map(latencyBucketOf)).toEqual(
      Array(3).fill(LATENCY_BUCKETS - 1),
    );
  });
});

describe('a latency histogram', () => {
  it('agrees with hdr-histogram-js to the nanosecond', () => {
    const histogram = recorded(seededLatencies());
    expect(QUANTILES.map((quantile) => histogram.percentile(quantile))).toEqual(hdrPercentiles(2));
  });

  it('lies above the exact percentile by less than 1/128', () => {
    const histogram = recorded(seededLatencies());
    const sorted = [...seededLatencies()].sort((left, right) => left - right);
    for (const quantile of QUANTILES) {
      const exact = sorted[Math.ceil(quantile * sorted.length) - 1];
      expect(histogram.percentile(quantile)).toBeGreaterThanOrEqual(exact);
      expect(histogram.percentile(quantile)).toBeLessThanOrEqual(exact * (1 + 2 ** -LATENCY_HALF_BITS));
    }
    const { samples, mean, p99, max } = histogram.summary();
    expect(samples).toBe(SAMPLES);
    expect(mean).toBeCloseTo(sorted.reduce((sum, value) => sum + value, 0) / SAMPLES, 3);
    expect(p99).toBe(histogram.percentile(0.99));
    expect(max).toBe(sorted.at(-1));
  });

  it('left the reference that the native histogram is tested against', async () => {
    const rows = ([7, 10] as const).flatMap((halfBits) =>
      hdrPercentiles(halfBits === 7 ? 2 : 3).map(
        (value, i) => `percentile ${halfBits} ${QUANTILES[i]} ${value}`,
      ),
    );
    const text = [
      '# Percentiles by hdr-histogram-js 3 of seeded samples, for latency_histogram_test.cc. Written by',
      '# `npx vitest run core/statistics/latency-histogram.test.ts -u`, which says in the test how the samples are drawn.',
      '# samples <count> <seed>; percentile <half bits> <quantile> <nanoseconds>',
      `samples ${SAMPLES} ${SEED}`,
      ...rows,
    ];
    await expect(`${text.join('\n')}\n`).toMatchFileSnapshot(
      '../../native/base/latency_histogram_reference.txt',
    );
  });

  it('says 0 of nothing', () => {
    expect(new LatencyHistogram().summary()).toEqual({
      samples: 0,
      mean: 0,
      p50: 0,
      p99: 0,
      p999: 0,
      max: 0,
    });
  });

  it('keeps what is beyond its range in the last bucket, and how long it was', () => {
    const histogram = recorded([1e12, 5]);
    expect(histogram.percentile(1)).toBe(1e12);
    expect(histogram.summary().max).toBe(1e12);
  });

  it('subtracts an earlier copy', () => {
    const histogram = recorded(seededLatencies(1000));
    const earlier = histogram.copy();
    const later = [1_000, 2_000, 3_000_000];
    for (const latency of later) histogram.record(latency);
    const since = histogram.since(earlier);
    expect(since.words.subarray(0, -1)).toEqual(recorded(later).words.subarray(0, -1));
    // The longest of all came before, so the longest since is known to its bucket.
    expect(since.summary().max).toBe(highestLatencyNs(latencyBucketOf(3_000_000)));
    histogram.record(70e9);
    expect(histogram.since(earlier).summary().max).toBe(70e9);
    expect(histogram.since(histogram.copy()).summary()).toEqual(new LatencyHistogram().summary());
  });

  it('is new altogether when it has less than the earlier copy', () => {
    const earlier = recorded([10, 20, 30]);
    const later = recorded([40]);
    expect(later.since(earlier).words).toEqual(later.words);
  });

  it('adds another', () => {
    const sum = recorded([1, 1_000_000]);
    sum.add(recorded([7, 5_000]));
    expect(sum.words).toEqual(recorded([1, 1_000_000, 7, 5_000]).words);
  });

  it('counts up to bounds', () => {
    const histogram = recorded([100, 200, 255, 256, 1_000_000, 1e12]);
    expect(histogram.countsUpTo([99, 200, 255, 1_000_000, 2_000_000, Number.POSITIVE_INFINITY])).toEqual([
      0, 2, 3, 4, 5, 6,
    ]);
  });

  it('refuses words of another layout', () => {
    expect(() => new LatencyHistogram(new Float64Array(3))).toThrow(RangeError);
  });
});
