import { LATENCY_HALF_BITS, LATENCY_VALUE_BITS } from '../layout.generated.js';

/** The layout of `native/base/latency_buckets.h`, which has the diagram: what either side counts, both can read. */
const HALF_BUCKETS = 2 ** LATENCY_HALF_BITS;
const TWO_POW_32 = 2 ** 32;

/** Longer latencies count as this one, 68 s; nanoseconds. */
export const LATENCY_NS_MAX = 2 ** LATENCY_VALUE_BITS - 1;
export const LATENCY_BUCKETS = (LATENCY_VALUE_BITS - LATENCY_HALF_BITS + 1) * HALF_BUCKETS;

/** The bucket of a latency in nanoseconds, whole or not; one that is not above 0 falls into the first. */
export function latencyBucketOf(latencyNs: number): number {
  if (!(latencyNs > 0)) return 0;
  const value = latencyNs < LATENCY_NS_MAX ? Math.floor(latencyNs) : LATENCY_NS_MAX;
  if (value < 2 * HALF_BUCKETS) return value;
  const exponent = value < TWO_POW_32 ? 31 - Math.clz32(value) : 63 - Math.clz32(value / TWO_POW_32);
  const shift = exponent - LATENCY_HALF_BITS;
  return shift * HALF_BUCKETS + Math.floor(value / 2 ** shift);
}

/** The largest value that falls into a bucket, nanoseconds: at most 1/128 above any other of it. */
export function highestLatencyNs(bucket: number): number {
  if (bucket < 2 * HALF_BUCKETS) return bucket;
  const shift = Math.floor(bucket / HALF_BUCKETS) - 1;
  return (bucket - shift * HALF_BUCKETS + 1) * 2 ** shift - 1;
}
