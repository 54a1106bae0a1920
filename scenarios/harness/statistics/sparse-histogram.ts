import * as hdr from 'hdr-histogram-js';

/** A histogram as the load generator sends it: value (highest of its bucket, nanoseconds) and count. */
export type SparseCounts = readonly (readonly [valueNs: number, count: number])[];

/** Sixty seconds: a reply that stays out for ten fails its window, so nothing longer can arrive. */
const TRACKED_NS_MAX = 60e9;

/** Sums sparse histograms; percentiles are exact on the buckets. */
export class SparseHistogram {
  readonly #counts = new Map<number, number>();
  #samples = 0;

  get samples(): number {
    return this.#samples;
  }

  add(counts: SparseCounts): void {
    for (const [valueNs, count] of counts) {
      this.#counts.set(valueNs, (this.#counts.get(valueNs) ?? 0) + count);
      this.#samples += count;
    }
  }

  addAll(other: SparseHistogram): void {
    this.add([...other.#counts]);
  }

  /** In no particular order. */
  counts(): SparseCounts {
    return [...this.#counts];
  }

  /** The smallest value that at least this share of the samples does not exceed; NaN when empty. */
  percentile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#samples));
    let seen = 0;
    for (const [valueNs, count] of this.#sorted()) {
      seen += count;
      if (seen >= rank) return valueNs;
    }
    return Number.NaN;
  }

  mean(): number {
    let sum = 0;
    for (const [valueNs, count] of this.#counts) sum += valueNs * count;
    return sum / this.#samples;
  }

  max(): number {
    let highest = Number.NaN;
    for (const valueNs of this.#counts.keys()) if (!(valueNs <= highest)) highest = valueNs;
    return highest;
  }

  /** HDR V2, compressed, base64, 3 significant digits: what every HdrHistogram tool reads. */
  toHdrBase64(): string {
    const histogram = hdr.build({
      bitBucketSize: 64,
      autoResize: false,
      lowestDiscernibleValue: 1,
      highestTrackableValue: TRACKED_NS_MAX,
      numberOfSignificantValueDigits: 3,
    });
    for (const [valueNs, count] of this.#counts) {
      histogram.recordValueWithCount(Math.min(TRACKED_NS_MAX, Math.max(1, Math.round(valueNs))), count);
    }
    return hdr.encodeIntoCompressedBase64(histogram);
  }

  #sorted(): [number, number][] {
    return [...this.#counts].sort((left, right) => left[0] - right[0]);
  }
}
