import type { EvidenceSeries, WantedSeries } from './evidence.js';
import type { SeriesName } from './selftest-kinds.js';

/** How many invocations the promise is to be shown by. */
const WANTED: readonly (SeriesName & { invocations: number })[] = [
  { kind: 'aa', percent: null, invocations: 600 },
  { kind: 'neutral', percent: null, invocations: 150 },
  { kind: 'spin', percent: 3.5, invocations: 300 },
  { kind: 'spin', percent: 5, invocations: 300 },
  { kind: 'alloc', percent: 6, invocations: 72 },
  { kind: 'lock', percent: 6, invocations: 72 },
  { kind: 'wake', percent: 6, invocations: 72 },
];

export function wantedSeries(series: readonly EvidenceSeries[]): WantedSeries[] {
  return WANTED.map((wanted) => {
    const own = series.find(({ kind, percent }) => kind === wanted.kind && percent === wanted.percent);
    const usable = own?.invocations.usable ?? 0;
    return { ...wanted, usable, missing: Math.max(0, wanted.invocations - usable) };
  });
}
