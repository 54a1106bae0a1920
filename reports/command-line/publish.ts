import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readRecord } from '../record-file/read-record.js';
import { ReportError } from '../record-file/report-error.js';
import { withoutRawSamples } from '../record-file/thin-record.js';
import { writeAtomically } from '../record-file/write-atomically.js';
import { renderReport } from '../render-report.js';
import { PUBLISHED_NAME } from '../standing/published-records.js';
import { reportArguments } from './arguments.js';
import type { ReportSurroundings } from './surroundings.js';

/** The record of a run in its folder. */
export const RECORD_FILE = 'record.json';
export const REPORT_FILE = 'report.html';

/** `publish [RUN|latest] [--name NAME]` */
export async function publishCommand(args: string[], surroundings: ReportSurroundings): Promise<number> {
  const { values, positionals } = reportArguments(args, { name: { type: 'string' } });
  if (positionals.length > 1) {
    throw new ReportError(
      'ERR_REPORT_USAGE',
      `publish takes one run, not ${positionals.length}: ${positionals.join(' ')}.`,
    );
  }
  const folder = await runFolder(positionals[0] ?? 'latest', surroundings);
  const record = await readRecord(join(folder, RECORD_FILE));
  if (record.options.profile !== undefined) {
    throw new ReportError(
      'ERR_REPORT_USAGE',
      `${folder} is a profiled run: its numbers are those of a process slowed down by ${String(record.options.profile)}. Publish one without --profile.`,
    );
  }
  const name = String(values.name ?? record.scenario.replace(':', '-'));
  if (!PUBLISHED_NAME.test(name)) {
    throw new ReportError(
      'ERR_REPORT_USAGE',
      `${JSON.stringify(name)} cannot name a folder: letters, digits, ".", "_" and "-" only, 100 at most. Choose one with --name.`,
    );
  }
  const published = withoutRawSamples(record);
  const target = join(surroundings.root, 'reports', 'published', name);
  // The page is made from what is kept, so that it can be made again from there.
  const { clientEntryPath } = surroundings;
  const page = await renderReport([published], clientEntryPath ? { clientEntryPath } : {});
  await writeAtomically(join(target, RECORD_FILE), `${JSON.stringify(published)}\n`);
  await writeAtomically(join(target, REPORT_FILE), page);
  surroundings.print(`published: ${join(target, RECORD_FILE)}`);
  surroundings.print(`published: ${join(target, REPORT_FILE)}`);
  surroundings.print('Now `npm run report -- numbers`, which renews the pages that quote it.');
  return 0;
}

/** A path as the user typed it, or the name of a run; `latest` is the link to the newest. */
async function runFolder(run: string, { env, root }: ReportSurroundings): Promise<string> {
  const from = env.INIT_CWD ?? process.cwd();
  const candidates = [join(runsFolder({ env, root }), run), resolve(from, run)];
  for (const candidate of candidates) {
    if (await isFolder(candidate)) return candidate;
  }
  throw new ReportError(
    'ERR_REPORT_RECORD',
    `${run}: no such run, neither ${candidates.join(' nor ')}. Run \`npm run scenario <name>\` first, or name the run's folder.`,
  );
}

/** Where runs are kept: MSGTRANS_RUNS_DIR, else `runs/`. */
export function runsFolder({ env, root }: Pick<ReportSurroundings, 'env' | 'root'>): string {
  const from = env.INIT_CWD ?? process.cwd();
  return env.MSGTRANS_RUNS_DIR ? resolve(from, env.MSGTRANS_RUNS_DIR) : join(root, 'runs');
}

export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
