import type { HistoryLine } from './history-line.js';

/**
 * A gate that cannot decide protects nobody. On the branch that others start from so many in a row are no bad luck any more:
 * the gate fails, or the machine that it runs on.
 */
export const STREAK_FAILS_FROM = 5;
const MAIN = 'main';

/** How many of the newest gates on the main branch were inconclusive, one after the other. */
export interface InconclusiveStreak {
  gates: number;
  /** When the first of them ended. */
  since: string | null;
  /** Whether they are so many that the gate itself has failed. */
  failing: boolean;
}

/** @param lines in the order of time */
export function inconclusiveStreak(lines: readonly HistoryLine[]): InconclusiveStreak {
  const gates = new Map<string, HistoryLine>();
  for (const line of lines) {
    // What was not measured could not have been inconclusive.
    if (line.branch === MAIN && line.comparison !== 'identical-files') gates.set(line.gate, line);
  }
  const ordered = [...gates.values()];
  const streak = ordered.slice(
    ordered.findLastIndex(({ gateVerdict }) => gateVerdict !== 'inconclusive') + 1,
  );
  return {
    gates: streak.length,
    since: streak[0]?.at ?? null,
    failing: streak.length >= STREAK_FAILS_FROM,
  };
}

/** Null while there is nothing to warn of. */
export function streakWarning({ gates, since, failing }: InconclusiveStreak): string | null {
  if (!failing) return null;
  return (
    `the last ${gates} gates on ${MAIN} were inconclusive, since ${since}: that is a failure of the gate, not of a change. ` +
    'Their reasons stand in runs/*/verdict.json; run it on a quieter machine, or give it more time with --budget'
  );
}
