import { type PathCount, perOperation } from './count-paths.js';
import type { StoredPath, StoredPaths } from './counts-file.js';

/** More than this is reported. Counts have no noise; what a compiler lays out otherwise for no reason stays below it. */
export const GROWTH_LIMIT_PERCENT = 2;

export type CountFinding =
  /** More than the limit above what is stored. */
  | 'grown'
  /** The same, and the change says why that is right. */
  | 'accepted'
  | 'unchanged'
  /** More than the limit below what is stored. */
  | 'fewer'
  /** Nothing is stored for it. */
  | 'new'
  /** The stored count is of another piece of work. */
  | 'other-work'
  /** Stored, but there is no such path any more. */
  | 'gone';

export interface CountLine {
  path: string;
  /** Instructions per operation; null where there is none. */
  stored: number | null;
  now: number | null;
  /** Positive is more; null where the two do not compare. */
  changePercent: number | null;
  finding: CountFinding;
  /** Why growth was accepted. */
  reason: string | null;
}

export interface Comparison {
  counts: readonly PathCount[];
  stored: StoredPaths;
  /** Counts that a change brings along: growth up to them that has a reason is accepted. */
  declared?: StoredPaths;
  /** All of the program's paths; where only some were counted, null. */
  allPaths: readonly string[] | null;
}

/** Pure: a line for each counted path, then one for each that is gone. */
export function compareCounts({ counts, stored, declared = {}, allPaths }: Comparison): CountLine[] {
  const gone = allPaths === null ? [] : Object.keys(stored).filter((path) => !allPaths.includes(path));
  return [
    ...counts.map((count) => compareCount(count, stored[count.path], declared[count.path])),
    ...gone.sort().map((path) => ({
      ...{ path, stored: perOperation(stored[path]), now: null, changePercent: null },
      ...{ finding: 'gone' as const, reason: null },
    })),
  ];
}

export function isSameWork(count: PathCount, stored: StoredPath): boolean {
  return count.operations === stored.operations && count.checksum === stored.checksum;
}

/** Positive is more than stored. */
export function growthPercent(count: PathCount, stored: StoredPath): number {
  return ((count.instructions - stored.instructions) / stored.instructions) * 100;
}

function compareCount(
  count: PathCount,
  stored: StoredPath | undefined,
  declared: StoredPath | undefined,
): CountLine {
  const line = { path: count.path, now: perOperation(count), reason: null };
  if (stored === undefined) return { ...line, stored: null, changePercent: null, finding: 'new' };
  const before = { ...line, stored: perOperation(stored) };
  if (!isSameWork(count, stored)) return { ...before, changePercent: null, finding: 'other-work' };
  const changePercent = growthPercent(count, stored);
  if (changePercent < -GROWTH_LIMIT_PERCENT) return { ...before, changePercent, finding: 'fewer' };
  if (changePercent <= GROWTH_LIMIT_PERCENT) return { ...before, changePercent, finding: 'unchanged' };
  const reason = declared === undefined ? null : reasonFor(count, declared);
  return { ...before, changePercent, finding: reason === null ? 'grown' : 'accepted', reason };
}

/** A reason covers the count that it was given for, not what is added to it later. */
function reasonFor(count: PathCount, declared: StoredPath): string | null {
  if (!isSameWork(count, declared) || growthPercent(count, declared) > GROWTH_LIMIT_PERCENT) return null;
  return declared.accepted;
}
