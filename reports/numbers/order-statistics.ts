/** Median of the finite values, or null when there are none. */
export function median(values: readonly number[]): number | null {
  return quantile(values, 0.5);
}

/** Quantile by linear interpolation between order statistics (type 7), over the finite values. */
export function quantile(values: readonly number[], probability: number): number | null {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return null;
  const position = (sorted.length - 1) * probability;
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (position - below);
}

/**
 * The least of the values, infinity when there are none. One by one: a call with a spread array fails from some hundred thousand
 * arguments on, and a record may have as many samples.
 */
export function least(values: Iterable<number>): number {
  let result = Number.POSITIVE_INFINITY;
  for (const value of values) result = Math.min(result, value);
  return result;
}

/** The greatest of the values, minus infinity when there are none; like {@link least} of any number of them. */
export function greatest(values: Iterable<number>): number {
  let result = Number.NEGATIVE_INFINITY;
  for (const value of values) result = Math.max(result, value);
  return result;
}

/** Standard deviation ÷ mean in per cent, or null below two values. */
export function spreadPercent(values: readonly number[]): number | null {
  const finite = values.filter(Number.isFinite);
  if (finite.length < 2) return null;
  const mean = finite.reduce((sum, value) => sum + value, 0) / finite.length;
  if (mean === 0) return null;
  const variance = finite.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (finite.length - 1);
  return (Math.sqrt(variance) / mean) * 100;
}
