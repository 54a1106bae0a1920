import { BaseError } from '../gate/base-build/base-error.js';
import { Git } from '../gate/base-build/git.js';
import { HistoryError } from './history-error.js';
import { appendHistory, gateHistoryPath, readHistoryFile } from './history-file.js';
import type { HistoryLine } from './history-line.js';
import { inconclusiveStreak, streakWarning } from './inconclusive-streak.js';

export interface Remembered {
  /** What the history says to whoever reads the verdict. */
  notes: string[];
  /** Why the lines are not there. The verdict stands without them, and is to be told first. */
  problem: HistoryError | null;
}

/** Adds a gate to the history among the `runs`, and looks what that makes of the gates before it. */
export async function rememberGate(runs: string, lines: readonly HistoryLine[]): Promise<Remembered> {
  const path = gateHistoryPath(runs);
  let problem: HistoryError | null = null;
  try {
    if (lines.length > 0) await appendHistory(path, lines);
  } catch (error) {
    if (!(error instanceof HistoryError)) throw error;
    problem = error;
  }
  try {
    const warning = streakWarning(inconclusiveStreak(readHistoryFile(path)));
    return { notes: warning === null ? [] : [warning], problem };
  } catch (error) {
    if (!(error instanceof HistoryError)) throw error;
    // Lines that others wrote decide nothing here, and the gate's own are there.
    return { notes: [`the history cannot be read: ${error.message}`], problem };
  }
}

/** Null where HEAD is on none, or there is no git: a pull request in CI is on none, and its gates are not the main branch's. */
export function currentBranch(rootDir: string): string | null {
  try {
    return new Git(rootDir).ask('symbolic-ref', '--quiet', '--short', 'HEAD');
  } catch (error) {
    if (error instanceof BaseError) return null;
    throw error;
  }
}
