import type { StoredRun } from '../baseline-store/baseline-file.js';

/** How long ago, in the largest unit that is whole: `3 d`. */
export function ageOf(startedAt: string, now: Date): string {
  const minutes = Math.max(0, Math.floor((now.getTime() - Date.parse(startedAt)) / 60_000));
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}

export function shortCommit(commit: string | null): string {
  return commit?.slice(0, 12) ?? 'none';
}

/** The newest, and how many more there are. */
export function shortCommits(runs: readonly StoredRun[]): string {
  const others = new Set(runs.map((run) => run.build.commit)).size - 1;
  const newest = shortCommit(runs[runs.length - 1].build.commit);
  return others === 0 ? newest : `${newest} and ${others} more`;
}
