import { median } from '../../scenarios/harness/statistics/quantile.js';
import { createRandom } from '../../scenarios/harness/statistics/random.js';
import type { Promotion } from '../baseline-store/promotion-history.js';
import { changePoints } from '../gate/statistics/change-points.js';
import type { HistoryLine } from './history-line.js';
import { type InconclusiveStreak, inconclusiveStreak } from './inconclusive-streak.js';

/** What a table or a page draws of the history. Plain data: the same lines give the same view. */
export interface HistoryView {
  /** Gates in the history, those included that no series shows. */
  gates: number;
  streak: InconclusiveStreak;
  /** By case and metric, in the order in which they first appeared. */
  series: HistorySeries[];
}

export interface HistorySeries {
  case: string;
  metric: string;
  /** Of the values of the points. */
  unit: string;
  better: 'higher' | 'lower';
  /** Oldest first. `valueCandidate` is null where a gate came to no figure. */
  points: SeriesPoint[];
  /** Older points that were left out. */
  omitted: number;
  /** Steps of `valueCandidate`, ascending. */
  changePoints: SeriesChange[];
  /** Ascending. */
  machineChanges: MachineChange[];
  /** Promotions of builds and accepted regressions within the time of the points, ascending. */
  promotions: SeriesPromotion[];
}

export type SeriesPoint = Omit<HistoryLine, 'schema' | 'case' | 'metric' | 'unit' | 'better'>;

/** A step between two levels that the same kind of machine had. */
export interface SeriesChange {
  /** The first point of the new level. */
  index: number;
  at: string;
  /** Commit of that point's candidate. */
  commit: string | null;
  /** Medians of the levels, in the unit of the series. */
  before: number;
  after: number;
  /** Positive is slower, whatever way is better; null from nothing to something. */
  slowdownPercent: number | null;
  /** Chance of a split as good if there were no step. */
  p: number;
}

/** From here on values are those of another machine, or of another major version of Node.js: no change of the code. */
export interface MachineChange {
  /** The first point on the other machine. */
  index: number;
  at: string;
  from: HistoryLine['machine'];
  to: HistoryLine['machine'];
}

export interface SeriesPromotion {
  /** The first point after it; the number of points where there is none. */
  index: number;
  at: string;
  name: string;
  commit: string;
  /** Why a slower build was taken all the same. */
  acceptedRegression: string | null;
}

/** A permutation of the search for change points costs the square of this. */
export const POINTS_MAX = 500;

export interface ViewOptions {
  /** Points of each series at most, the newest ones. At most `POINTS_MAX`. */
  last: number;
  /** Whether a series is wanted. */
  wanted?: (caseName: string, metric: string) => boolean;
}

/** @param lines in the order of time, as `parseHistory` gives them */
export function historyView(
  lines: readonly HistoryLine[],
  promotions: readonly Promotion[],
  { last, wanted = () => true }: ViewOptions,
): HistoryView {
  const series = new Map<string, HistoryLine[]>();
  for (const line of lines) {
    if (line.case === null || line.metric === null || !wanted(line.case, line.metric)) continue;
    // A ratio to stored runs and a value measured beside a base build have no common scale.
    const key = JSON.stringify([line.case, line.metric, line.unit]);
    addTo(series, key, line);
  }
  return {
    gates: new Set(lines.map(({ gate }) => gate)).size,
    streak: inconclusiveStreak(lines),
    series: [...series.values()].map((each) => seriesView(each, promotions, last)),
  };
}

function addTo<Item>(groups: Map<string, Item[]>, key: string, item: Item): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [item]);
  else group.push(item);
}

function seriesView(
  lines: readonly HistoryLine[],
  promotions: readonly Promotion[],
  last: number,
): HistorySeries {
  const kept = lines.slice(-last);
  const [{ case: caseName, metric, unit, better }] = kept;
  const points = kept.map(
    ({ schema: _schema, case: _case, metric: _metric, unit: _unit, better: _better, ...point }) => point,
  );
  const series = {
    ...{ case: caseName ?? '', metric: metric ?? '', unit: unit ?? '', better: better ?? 'lower' },
    ...{ points, omitted: lines.length - kept.length },
  };
  return {
    ...series,
    changePoints: changesOf(series),
    machineChanges: machineChangesOf(points),
    promotions: promotionsWithin(points, promotions),
  };
}

/** Updates of Node.js within a major version are no other machine, as updates of the kernel are none. */
function machineKey({ fingerprint, node }: HistoryLine['machine']): string {
  return `${fingerprint} ${node.split('.')[0]}`;
}

/**
 * Sought among the points of one machine, also where those of others lie between: machines that take turns, as those of
 * a hosted CI do, would else never have enough points in a row.
 */
function changesOf({
  case: caseName,
  metric,
  better,
  points,
}: Pick<HistorySeries, 'case' | 'metric' | 'better' | 'points'>): SeriesChange[] {
  const machines = new Map<string, { index: number; value: number }[]>();
  for (const [index, { machine, valueCandidate: value }] of points.entries()) {
    if (value === null) continue;
    addTo(machines, machineKey(machine), { index, value });
  }
  const changes = [...machines].flatMap(([key, own]) => {
    const values = own.map(({ value }) => value);
    // Levels differ by factors. What is counted may be nothing at all, and then differs by amounts.
    const scaled = values.every((value) => value > 0) ? values.map(Math.log) : values;
    const random = createRandom(1).fork(`${caseName} ${metric} ${key}`);
    const found = changePoints(scaled, { random });
    const edges = [0, ...found.map(({ index }) => index), values.length];
    return found.map(({ index, p }, place): SeriesChange => {
      const [before, after] = [
        median(values.slice(edges[place], index)),
        median(values.slice(index, edges[place + 2])),
      ];
      const point = own[index].index;
      const { at, candidate } = points[point];
      const slowdownPercent = slowdownBetween(before, after, better);
      return { index: point, at, commit: candidate.commit, before, after, slowdownPercent, p };
    });
  });
  return changes.sort((left, right) => left.index - right.index);
}

function slowdownBetween(before: number, after: number, better: 'higher' | 'lower'): number | null {
  const quotient = better === 'higher' ? before / after : after / before;
  return Number.isFinite(quotient) ? 100 * (quotient - 1) : null;
}

function machineChangesOf(points: readonly SeriesPoint[]): MachineChange[] {
  return points.flatMap(({ at, machine: to }, index): MachineChange[] => {
    if (index === 0) return [];
    const { machine: from } = points[index - 1];
    return machineKey(from) === machineKey(to) ? [] : [{ index, at, from, to }];
  });
}

/** Those before the first point are older than what is shown. */
function promotionsWithin(
  points: readonly SeriesPoint[],
  promotions: readonly Promotion[],
): SeriesPromotion[] {
  const fromMs = Date.parse(points[0].at);
  return promotions.flatMap(({ at, name, commit, acceptedRegression }): SeriesPromotion[] => {
    const atMs = Date.parse(at);
    if (atMs < fromMs) return [];
    const next = points.findIndex((point) => Date.parse(point.at) >= atMs);
    return [{ index: next === -1 ? points.length : next, at, name, commit, acceptedRegression }];
  });
}
