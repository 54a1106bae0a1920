import { GROWTH_LIMIT_PERCENT, growthPercent, isSameWork } from './compare-counts.js';
import type { PathCount } from './count-paths.js';
import type { StoredPath, StoredPaths } from './counts-file.js';
import { InstructionError } from './instruction-error.js';

export interface Renewal {
  paths: StoredPaths;
  /** Names of those whose stored count is another one now, sorted. */
  changed: string[];
}

/**
 * Pure: what is stored after a save. A count goes down by itself and up only with a reason; one that is above what is
 * stored by no more than the limit leaves it as it is, so that many small steps cannot become a large one unseen.
 *
 * @param reason why more instructions than before are right, or null
 * @param allPaths of the program; stored paths that it no longer has are dropped. Null keeps them: only some were counted
 * @throws InstructionError `ERR_INSTRUCTIONS_GREW`, with every path that grew
 */
export function renewCounts(
  stored: StoredPaths,
  counts: readonly PathCount[],
  reason: string | null,
  allPaths: readonly string[] | null,
): Renewal {
  const grown = counts.filter((count) => {
    const before = stored[count.path];
    return (
      before !== undefined && isSameWork(count, before) && growthPercent(count, before) > GROWTH_LIMIT_PERCENT
    );
  });
  if (grown.length > 0 && reason === null) {
    const words = grown.map(
      (count) => `${count.path} by ${growthPercent(count, stored[count.path]).toFixed(2)} %`,
    );
    throw new InstructionError(
      'ERR_INSTRUCTIONS_GREW',
      `not saved: ${words.join(', ')} above what is stored, and the limit is ${GROWTH_LIMIT_PERCENT} %.\n` +
        "Where that is right, say why: npm run instructions -- --save --accept-growth 'REASON'",
    );
  }
  const kept = Object.entries(stored).filter(([path]) => allPaths === null || allPaths.includes(path));
  const paths: Record<string, StoredPath> = Object.fromEntries(kept);
  for (const count of counts) paths[count.path] = renewed(stored[count.path], count, reason);
  const names = [...new Set([...Object.keys(stored), ...Object.keys(paths)])].sort();
  return { paths, changed: names.filter((path) => stored[path] !== paths[path]) };
}

function renewed(before: StoredPath | undefined, count: PathCount, reason: string | null): StoredPath {
  const { operations, instructions, checksum } = count;
  const now = { operations, instructions, checksum, accepted: null };
  if (before === undefined || !isSameWork(count, before) || instructions < before.instructions) return now;
  return growthPercent(count, before) > GROWTH_LIMIT_PERCENT ? { ...now, accepted: reason } : before;
}
