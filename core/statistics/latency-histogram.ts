import { highestLatencyNs, LATENCY_BUCKETS, latencyBucketOf } from './latency-buckets.js';

/** Percentiles of a set of latencies, in nanoseconds. All are 0 when there were no samples. */
export interface LatencySummary {
  /** How many latencies the figures stand for. Not nanoseconds. */
  readonly samples: number;
  /** Exact, as the sum is kept. */
  readonly mean: number;
  /** At most 1/128 above the exact value, never below it; so are `p99` and `p999`. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  /** Exact when it is the longest since the beginning, else the highest value of its bucket. */
  readonly max: number;
}

const SUM = LATENCY_BUCKETS;
const MAX = LATENCY_BUCKETS + 1;

/**
 * A log-linear histogram of latencies: fixed memory (30 KB), relative error below 1/128, up to 68 s.
 *
 * Counts only grow. What happened between two moments is the later histogram {@link since} a copy of the earlier one.
 *
 * Thread: the one that made it. The engine's histograms arrive as copies in the same words.
 */
export class LatencyHistogram {
  /** Length of {@link words}: the counts by bucket, the sum in nanoseconds, the longest latency in nanoseconds. */
  static readonly WORDS = LATENCY_BUCKETS + 2;
  readonly words: Float64Array;

  /** @param words counts to begin with, taken over and not copied; none by default */
  constructor(words: Float64Array = new Float64Array(LatencyHistogram.WORDS)) {
    if (words.length !== LatencyHistogram.WORDS) {
      throw new RangeError(`a latency histogram has ${LatencyHistogram.WORDS} words, not ${words.length}`);
    }
    this.words = words;
  }

  /** Counts one latency; one below 0 counts as 0. */
  record(latencyNs: number): void {
    const known = Math.max(latencyNs || 0, 0);
    this.words[latencyBucketOf(known)] += 1;
    this.words[SUM] += known;
    if (known > this.words[MAX]) this.words[MAX] = known;
  }

  get samples(): number {
    let samples = 0;
    for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket++) samples += this.words[bucket];
    return samples;
  }

  get sumNs(): number {
    return this.words[SUM];
  }

  copy(): LatencyHistogram {
    return new LatencyHistogram(this.words.slice());
  }

  add(other: LatencyHistogram): void {
    for (let word = 0; word <= SUM; word++) this.words[word] += other.words[word];
    this.words[MAX] = Math.max(this.words[MAX], other.words[MAX]);
  }

  /**
   * What was recorded after `earlier`, a copy of this histogram, was taken. If a count is below that of `earlier`, this
   * is another histogram that began anew in between: all of it came since.
   */
  since(earlier: LatencyHistogram): LatencyHistogram {
    const later = this.words;
    const difference = new Float64Array(LatencyHistogram.WORDS);
    let highest = -1;
    for (let word = 0; word <= SUM; word++) {
      const count = later[word] - earlier.words[word];
      if (count < 0) return this.copy();
      difference[word] = count;
      if (count > 0 && word < LATENCY_BUCKETS) highest = word;
    }
    const isNewMax = later[MAX] > earlier.words[MAX];
    difference[MAX] = isNewMax ? later[MAX] : highest < 0 ? 0 : this.highestNs(highest);
    return new LatencyHistogram(difference);
  }

  /** The smallest latency that at least the share `quantile` (above 0, up to 1) does not exceed, nanoseconds. */
  percentile(quantile: number): number {
    return this.percentiles([quantile])[0];
  }

  summary(): LatencySummary {
    const samples = this.samples;
    const [p50, p99, p999] = this.percentiles([0.5, 0.99, 0.999], samples);
    const mean = samples === 0 ? 0 : this.words[SUM] / samples;
    return { samples, mean, p50, p99, p999, max: samples === 0 ? 0 : this.words[MAX] };
  }

  /**
   * How many samples lie in buckets that end at or below each bound: a sample just below a bound that divides its
   * bucket counts towards the next.
   * @param boundsNs ascending
   */
  countsUpTo(boundsNs: readonly number[]): number[] {
    let bucket = 0;
    let seen = 0;
    return boundsNs.map((boundNs) => {
      // A bucket's end is arithmetic, and there are 3 800: computing each was a third of rendering a scrape.
      const last = latencyBucketOf(boundNs);
      const end = highestLatencyNs(last) <= boundNs ? last + 1 : last;
      for (; bucket < end; bucket++) seen += this.words[bucket];
      return seen;
    });
  }

  /** @param quantiles ascending */
  private percentiles(quantiles: readonly number[], samples = this.samples): number[] {
    let bucket = -1;
    let seen = 0;
    return quantiles.map((quantile) => {
      if (samples === 0) return 0;
      const rank = Math.min(Math.max(Math.ceil(quantile * samples), 1), samples);
      while (seen < rank) seen += this.words[++bucket];
      return this.highestNs(bucket);
    });
  }

  /** The last bucket holds everything that is longer, too. */
  private highestNs(bucket: number): number {
    return bucket === LATENCY_BUCKETS - 1
      ? this.words[MAX]
      : Math.min(highestLatencyNs(bucket), this.words[MAX]);
  }
}
