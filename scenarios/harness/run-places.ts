import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

/** Where a run writes: `runs/<UTC>-<scenario>-<seed>/`, with `runs/latest` linking the newest. */

const RUN_FOLDER = /^\d{8}T\d{6}Z-[a-z0-9-]+-\d+(-\d+)?$/;

export function runsFolder(
  rootDir: string,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const moved = environment.MSGTRANS_RUNS_DIR;
  return moved === undefined || moved === '' ? join(rootDir, 'runs') : resolve(moved);
}

/** Makes a folder of its own; two runs of one second and seed get different ones. */
export function createRunFolder(runs: string, startedAt: Date, scenario: string, seed: number): string {
  const stamp = startedAt.toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
  mkdirSync(runs, { recursive: true });
  for (let attempt = 1; ; attempt++) {
    const folder = join(runs, `${stamp}-${scenario}-${seed}${attempt === 1 ? '' : `-${attempt}`}`);
    try {
      mkdirSync(folder);
      return folder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt >= 100) throw error;
    }
  }
}

/** Replaces the link in one step, so that a reader always finds one. A real file of that name is left alone. */
export function linkLatest(runs: string, folder: string): void {
  const link = join(runs, 'latest');
  const temporary = `${link}.${process.pid}.tmp`;
  if (existsSync(link) && !lstatSync(link).isSymbolicLink()) return;
  rmSync(temporary, { force: true });
  symlinkSync(basename(folder), temporary);
  renameSync(temporary, link);
}

/** Removes the oldest run folders beyond the newest `keep`; touches nothing that does not look like one. */
export function pruneRuns(runs: string, keep: number): string[] {
  const folders = readdirSync(runs, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && RUN_FOLDER.test(entry.name))
    .map((entry) => entry.name)
    .sort();
  const old = folders.slice(0, Math.max(0, folders.length - keep));
  for (const name of old) rmSync(join(runs, name), { recursive: true });
  return old;
}
