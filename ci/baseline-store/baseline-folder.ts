import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { INSTRUCTIONS_FOLDER, isBaselineName } from '../../scenarios/harness/baseline-name.js';
import { didYouMean } from '../../scenarios/harness/suggest.js';
import { BaselineError } from './baseline-error.js';
import { nameOfFile } from './stored-name.js';

/** What lies in the folder of stored baselines. */

export const HISTORY_FILE = 'history.ndjson';
/** What lies beside the baselines and is none. */
const NEIGHBOURS: readonly string[] = [HISTORY_FILE, INSTRUCTIONS_FOLDER];
/** Of the lock; what begins like this is not kept in git. */
export const LOCK_FILE = '.lock';

/** Names of the stored baselines, sorted; none when the folder is not there yet. */
export function baselineNames(baselines: string): string[] {
  return entries(baselines)
    .filter((entry) => entry.isDirectory() && isBaselineName(entry.name))
    .map(({ name }) => name);
}

/** Scenarios and suites of one baseline, as records name them, in the order of their files. */
export function baselineScenarios(baselines: string, name: string): string[] {
  return entries(join(baselines, name)).flatMap((entry) => nameOf(entry) ?? []);
}

/** @throws BaselineError `ERR_BASELINE_MISSING`, with the names there are */
export function requireBaseline(baselines: string, name: string): string[] {
  const names = baselineNames(baselines);
  const scenarios = names.includes(name) ? baselineScenarios(baselines, name) : [];
  if (scenarios.length > 0) return scenarios;
  const known =
    names.length === 0 ? 'there is none at all' : `there are ${names.join(', ')}${didYouMean(name, names)}`;
  throw new BaselineError(
    'ERR_BASELINE_MISSING',
    `there is no stored baseline ${JSON.stringify(name)} in ${baselines}: ${known}. ` +
      'Save one with: npm run baseline -- save NAME',
  );
}

/** What does not belong there, as paths relative to the folder. What a killed writer left behind counts, too. */
export function strays(baselines: string, name?: string): string[] {
  if (name !== undefined) {
    return entries(join(baselines, name))
      .filter((entry) => nameOf(entry) === null)
      .map((entry) => `${name}/${entry.name}`);
  }
  const names = baselineNames(baselines);
  const ours = (entry: Dirent): boolean =>
    names.includes(entry.name) || NEIGHBOURS.includes(entry.name) || entry.name.startsWith(LOCK_FILE);
  return [
    ...entries(baselines)
      .filter((entry) => !ours(entry))
      .map((entry) => entry.name),
    ...names.flatMap((each) => strays(baselines, each)),
  ];
}

/** Null for what is no baseline's file. */
function nameOf(entry: Dirent): string | null {
  return entry.isFile() ? nameOfFile(entry.name) : null;
}

function entries(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((left, right) =>
      left.name < right.name ? -1 : 1,
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
