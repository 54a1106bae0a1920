/**
 * Counts of durations in memory that several threads can see: one writes, the others read when it rests. Log-linear: 1 024
 * buckets for each doubling, so that a bucket is no wider than a thousandth of its values.
 */

const HALF_BITS = 10;
const HALF = 1 << HALF_BITS;
/** Up to 2³⁶ ns: more than a minute, and an answer that stays out for ten seconds fails its window. */
const VALUE_BITS = 36;
const BUCKETS = HALF * (VALUE_BITS - HALF_BITS + 1);
const VALUE_MAX = 2 ** VALUE_BITS - 1;
const WORD = 0x1_0000_0000;

export class LatencyHistogram {
  readonly memory: SharedArrayBuffer;
  readonly #counts: Uint32Array;

  /** Shares the memory of another thread's, or has its own. */
  constructor(memory = new SharedArrayBuffer(4 * BUCKETS)) {
    this.memory = memory;
    this.#counts = new Uint32Array(memory);
  }

  record(durationNs: number): void {
    // What two threads measure may differ by a reading of the clock.
    const value = Math.min(VALUE_MAX, Math.max(0, Math.floor(durationNs)));
    this.#counts[bucketOf(value)] += 1;
  }

  reset(): void {
    this.#counts.fill(0);
  }

  /** Pairs of the highest value of a bucket and its count, ascending. */
  counts(): [valueNs: number, count: number][] {
    const pairs: [number, number][] = [];
    this.#counts.forEach((count, bucket) => {
      if (count > 0) pairs.push([highestOf(bucket), count]);
    });
    return pairs;
  }
}

/** What the answer of a window says of its durations; null when there are none. */
export function summarise(counts: readonly (readonly [number, number])[]): object | null {
  const samples = counts.reduce((sum, [, count]) => sum + count, 0);
  if (samples === 0) return null;
  const at = (share: number): number => {
    let left = Math.max(1, Math.ceil(share * samples));
    for (const [value, count] of counts) {
      left -= count;
      if (left <= 0) return value;
    }
    return counts[counts.length - 1][0];
  };
  const mean = counts.reduce((sum, [value, count]) => sum + value * count, 0) / samples;
  return { samples, mean, p50: at(0.5), p99: at(0.99), max: at(1) };
}

function bucketOf(value: number): number {
  if (value < HALF) return value;
  const high = value >= WORD ? 63 - Math.clz32(value / WORD) : 31 - Math.clz32(value);
  const shift = high - HALF_BITS;
  return HALF * (shift + 1) + Math.floor(value / 2 ** shift) - HALF;
}

function highestOf(bucket: number): number {
  if (bucket < HALF) return bucket;
  const shift = Math.floor(bucket / HALF) - 1;
  return (HALF + (bucket % HALF) + 1) * 2 ** shift - 1;
}
