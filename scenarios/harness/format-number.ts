/** Numbers for people: three significant digits, SI prefixes. */

const PREFIXES = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
  [1, ''],
] as const;

export function significant(value: number): string {
  if (!Number.isFinite(value)) return 'n/a';
  if (value === 0) return '0';
  // Rounded first: 999.999 has its three digits before the point.
  const rounded = Number(value.toPrecision(3));
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(rounded))));
  return rounded.toFixed(Math.min(digits, 6));
}

/** `1 234 567` as `1.23 M`. */
export function formatSi(value: number): string {
  if (!Number.isFinite(value)) return 'n/a';
  const [factor, prefix] = PREFIXES.find(([each]) => Math.abs(value) >= each * 0.9995) ?? [1, ''];
  return prefix === '' ? significant(value) : `${significant(value / factor)} ${prefix}`;
}

export function formatBytes(bytes: number): string {
  const text = formatSi(bytes);
  return /[A-Z]$/i.test(text) ? `${text}B` : `${text} B`;
}

export function formatNs(valueNs: number): string {
  if (!Number.isFinite(valueNs)) return 'n/a';
  if (valueNs < 1e3) return `${significant(valueNs)} ns`;
  if (valueNs < 1e6) return `${significant(valueNs / 1e3)} µs`;
  if (valueNs < 1e9) return `${significant(valueNs / 1e6)} ms`;
  return `${significant(valueNs / 1e9)} s`;
}

export function formatRatio(ratio: number, interval: readonly [number, number] | null): string {
  const spread = interval === null ? '' : ` [${significant(interval[0])}, ${significant(interval[1])}]`;
  return `${significant(ratio)}×${spread}`;
}
