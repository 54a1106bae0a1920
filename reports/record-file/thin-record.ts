import type { ArmRecord, CaseRecord, RunRecord, SeriesRecord } from '../../scenarios/harness/record.js';
import { greatest, least, median } from '../numbers/order-statistics.js';

/** Enough for a curve at full page width; a full run has some hundred windows per arm. */
export const PUBLISHED_POINTS_MAX = 200;

/** Pauses, most of them none: of a stretch the longest counts, which a median would make none. */
const PEAK_SERIES: ReadonlySet<string> = new Set(['gcPauseNs', 'loopDelayP99Ns']);

/** How much of the raw samples a record still holds. */
export type Thinning = 'none' | 'windows' | 'series' | 'all-samples';

/**
 * The record without its raw samples: no windows, and at most `pointsMax` medians per series. What carries
 * a result (metrics, rounds, histograms, ledger, blocks, checks) stays to the digit.
 */
export function withoutRawSamples(record: RunRecord, pointsMax = PUBLISHED_POINTS_MAX): RunRecord {
  const thinned = (series: SeriesRecord, name: string) =>
    thinSeries(series, pointsMax, PEAK_SERIES.has(name) ? highest : median);
  return { ...record, windows: [], cases: mapCases(record, thinned) };
}

/** {@link withoutRawSamples}, with the per-window series left out altogether. */
export function withoutSeries(record: RunRecord): RunRecord {
  return { ...record, windows: [], cases: mapCases(record, () => null) };
}

function mapCases(
  record: RunRecord,
  change: (series: SeriesRecord, name: string) => SeriesRecord | null,
): Record<string, CaseRecord> {
  return mapValues(record.cases, (caseRecord) => ({
    ...caseRecord,
    arms: mapValues(caseRecord.arms, (arm): ArmRecord => {
      const kept = Object.entries(arm.series)
        .map(([name, series]) => [name, change(series, name)] as const)
        .filter((entry): entry is readonly [string, SeriesRecord] => entry[1] !== null);
      return { ...arm, series: Object.fromEntries(kept) };
    }),
  }));
}

function mapValues<In, Out>(record: Record<string, In>, change: (value: In) => Out): Record<string, Out> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

type Values = SeriesRecord['values'];
type Choice = (values: number[]) => number | null;

function lowest(values: number[]): number | null {
  return values.length === 0 ? null : least(values);
}

function highest(values: number[]): number | null {
  return values.length === 0 ? null : greatest(values);
}

/**
 * Medians, or whatever is chosen, of equal stretches of adjacent windows, so that the shape survives and no value is invented;
 * of the bounds of a stretch the outermost.
 */
export function thinSeries(series: SeriesRecord, pointsMax: number, choose: Choice = median): SeriesRecord {
  const length = series.values.length;
  if (length <= pointsMax) return series;
  const { low, high } = series;
  const thinned = (of: Values, choice: Choice): Values =>
    Array.from({ length: pointsMax }, (_, point) => {
      const from = Math.floor((point * length) / pointsMax);
      const to = Math.floor(((point + 1) * length) / pointsMax);
      return choice(of.slice(from, to).filter((value): value is number => value !== null));
    });
  return {
    ...series,
    atNs: thinned(series.atNs, median).map((at) => Math.round(at ?? 0)),
    values: thinned(series.values, choose),
    ...(low === undefined ? {} : { low: thinned(low, lowest) }),
    ...(high === undefined ? {} : { high: thinned(high, highest) }),
  };
}
