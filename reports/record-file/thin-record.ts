import type { ArmRecord, CaseRecord, RunRecord, SeriesRecord } from '../../scenarios/harness/record.js';
import { median } from '../numbers/order-statistics.js';

/** Enough for a curve at full page width; a full run has some hundred windows per arm. */
export const PUBLISHED_POINTS_MAX = 200;

/** How much of the raw samples a record still holds. */
export type Thinning = 'none' | 'windows' | 'series' | 'all-samples';

/**
 * The record without its raw samples: no windows, and at most `pointsMax` medians per series. What carries
 * a result (metrics, rounds, histograms, ledger, blocks, checks) stays to the digit.
 */
export function withoutRawSamples(record: RunRecord, pointsMax = PUBLISHED_POINTS_MAX): RunRecord {
  return { ...record, windows: [], cases: mapCases(record, (series) => thinSeries(series, pointsMax)) };
}

/** {@link withoutRawSamples}, with the per-window series left out altogether. */
export function withoutSeries(record: RunRecord): RunRecord {
  return { ...record, windows: [], cases: mapCases(record, () => null) };
}

function mapCases(
  record: RunRecord,
  change: (series: SeriesRecord) => SeriesRecord | null,
): Record<string, CaseRecord> {
  return mapValues(record.cases, (caseRecord) => ({
    ...caseRecord,
    arms: mapValues(caseRecord.arms, (arm): ArmRecord => {
      const kept = Object.entries(arm.series)
        .map(([name, series]) => [name, change(series)] as const)
        .filter((entry): entry is readonly [string, SeriesRecord] => entry[1] !== null);
      return { ...arm, series: Object.fromEntries(kept) };
    }),
  }));
}

function mapValues<In, Out>(record: Record<string, In>, change: (value: In) => Out): Record<string, Out> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

type Values = SeriesRecord['values'];

/**
 * Medians of equal stretches of adjacent windows, so that the shape survives and no value is invented; of the bounds of a
 * stretch the outermost.
 */
export function thinSeries(series: SeriesRecord, pointsMax: number): SeriesRecord {
  const length = series.values.length;
  if (length <= pointsMax) return series;
  const { low, high } = series;
  const thinned = (of: Values, choose: (values: number[]) => number | null): Values =>
    Array.from({ length: pointsMax }, (_, point) => {
      const from = Math.floor((point * length) / pointsMax);
      const to = Math.floor(((point + 1) * length) / pointsMax);
      return choose(of.slice(from, to).filter((value): value is number => value !== null));
    });
  const least = (values: number[]) => (values.length === 0 ? null : Math.min(...values));
  const most = (values: number[]) => (values.length === 0 ? null : Math.max(...values));
  return {
    ...series,
    atNs: thinned(series.atNs, median).map((at) => Math.round(at ?? 0)),
    values: thinned(series.values, median),
    ...(low === undefined ? {} : { low: thinned(low, least) }),
    ...(high === undefined ? {} : { high: thinned(high, most) }),
  };
}
