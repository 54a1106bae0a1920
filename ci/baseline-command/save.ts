import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { JUDGING_RUNS_MIN } from '../baseline-store/ratio-estimate.js';
import { saveBaseline } from '../baseline-store/save-baseline.js';
import { baselineName, subcommandArguments } from './arguments.js';
import type { BaselineSurroundings } from './surroundings.js';

/** `save NAME [RECORD]` */
export async function saveCommand(args: string[], surroundings: BaselineSurroundings): Promise<number> {
  const { positionals } = subcommandArguments('save', args, [1, 2]);
  const name = baselineName(positionals[0]);
  const record = await surroundings.readRecord(recordPath(positionals[1] ?? null, surroundings));
  const { path, runs, added } = await saveBaseline(surroundings.baselines, name, record);
  const holds = `which holds ${runs} ${runs === 1 ? 'run' : 'runs'} of ${record.scenario}`;
  surroundings.print(added ? `added to ${path}, ${holds} now` : `renewed in ${path}, ${holds}`);
  if (runs < JUDGING_RUNS_MIN) {
    surroundings.print(`comparisons only warn until there are ${JUDGING_RUNS_MIN}`);
  }
  return 0;
}

/** A path as the user typed it, or the name of a run; the newest run where nothing is given. */
function recordPath(record: string | null, { from, runs }: BaselineSurroundings): string {
  if (record === null) return join(runs, 'latest');
  const typed = resolve(from, record);
  const named = join(runs, record);
  return !existsSync(typed) && existsSync(named) ? named : typed;
}
