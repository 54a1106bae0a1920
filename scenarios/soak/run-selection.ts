import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../harness/usage-error.js';
import type { RunEntry } from './checkpoint-entry.js';
import { CheckpointError } from './checkpoint-log.js';

/**
 * The folder of the run that is to go on: by its name in the folder of runs, never by a path; `latest` is the newest.
 * @throws UsageError when there is none of that name
 */
export function resumedRunFolder(runs: string, name: string, scenario: string): string {
  const names = listed(runs).filter((each) => each.includes(`-${scenario}-`));
  const wanted = name === 'latest' ? newest(runs, names) : name;
  if (wanted !== undefined && names.includes(wanted)) return join(runs, wanted);
  const known =
    names.length === 0 ? 'there is none of this scenario' : `there are ${names.slice(-5).join(', ')}`;
  throw new UsageError(`--resume: no run ${JSON.stringify(name.slice(0, 80))} in ${runs}; ${known}`);
}

function listed(runs: string): string[] {
  try {
    return readdirSync(runs, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** What `latest` links when that is a run of the scenario, else the one that started last. */
function newest(runs: string, names: readonly string[]): string | undefined {
  try {
    const linked = readlinkSync(join(runs, 'latest'));
    if (names.includes(linked)) return linked;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return names[names.length - 1];
}

/** What must be the same for a run to go on: the rest of its checkpoints would be those of another one. */
export type RunIdentity = Pick<RunEntry, 'scenario' | 'scenarioHash' | 'nativeHash' | 'fingerprint'>;

const MEANINGS: Readonly<Record<keyof RunIdentity, string>> = {
  scenario: 'another scenario',
  scenarioHash: 'the scenario file as it was before it was changed',
  nativeHash: 'another build of native/',
  fingerprint: 'another machine',
};

/** @throws CheckpointError naming what differs */
export function checkIdentity(folder: string, run: RunEntry, now: RunIdentity): void {
  for (const [key, meaning] of Object.entries(MEANINGS) as [keyof RunIdentity, string][]) {
    if (run[key] === now[key]) continue;
    throw new CheckpointError(
      `${folder}: its checkpoints are those of ${meaning} (${run[key]} instead of ${now[key]}); start a new run`,
    );
  }
}
