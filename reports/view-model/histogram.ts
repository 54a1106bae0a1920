import * as hdr from 'hdr-histogram-js';

/** A percentile is drawn only when at least this many samples lie beyond it. */
export const SAMPLES_BEYOND_MIN = 10;
const POINTS_PER_DECADE = 12;

export interface PercentilePoint {
  /** 1 ÷ (1 − p): 2 is the median, 100 is p99. */
  inverse: number;
  valueNs: number;
}

export interface LatencyDistribution {
  samples: number;
  maxNs: number;
  points: PercentilePoint[];
  /** Value at a percentile from 0 to 100, or null when too few samples lie beyond it. */
  at(percentile: number): number | null;
}

export type DecodedHistogram =
  | { ok: true; distribution: LatencyDistribution }
  | { ok: false; reason: string };

/** Decodes HDR V2 base64. A histogram that cannot be read costs its own curve, not the page. */
export function decodeHistogram(base64: string): DecodedHistogram {
  let histogram: hdr.Histogram;
  try {
    histogram = hdr.decodeFromCompressedBase64(base64, 64, false);
  } catch {
    return { ok: false, reason: 'histogram unreadable' };
  }
  const samples = histogram.totalCount;
  if (!(samples > 0)) return { ok: false, reason: 'no samples' };
  const at = (percentile: number): number | null => {
    const beyond = samples * (1 - percentile / 100);
    // A hair below 10 is 10: 1 − 0.999 is not exact in binary.
    return beyond + 1e-6 < SAMPLES_BEYOND_MIN ? null : histogram.getValueAtPercentile(percentile);
  };
  const points = inversesUpTo(samples / SAMPLES_BEYOND_MIN).map((inverse) => ({
    inverse,
    valueNs: histogram.getValueAtPercentile(100 * (1 - 1 / inverse)),
  }));
  return { ok: true, distribution: { samples, maxNs: histogram.maxValue, points, at } };
}

/** 1 ÷ (1 − p) from 1 (the minimum) to the limit, evenly in the logarithm, with p50, p90, p99… hit exactly. */
function inversesUpTo(limit: number): number[] {
  const inverses = new Set<number>();
  for (let step = 0; ; step++) {
    const inverse = Number((10 ** (step / POINTS_PER_DECADE)).toPrecision(6));
    if (inverse > limit) break;
    inverses.add(inverse);
  }
  if (limit >= 2) inverses.add(2);
  return [...inverses].sort((a, b) => a - b);
}
