import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../../../scenarios/harness/statistics/random.js';
import { runStep } from '../base-build/run-step.js';
import { SelftestError } from './selftest-error.js';

/** node-gyp runs its compiler here, and writes down how it linked the addon. */
const BUILD_FOLDER = join('native', 'build');
const LINK_RECORD = join(BUILD_FOLDER, 'Release', '.deps', 'Release', 'obj.target', 'msgtrans.node.d');
/** Some sixty objects take about a second. */
const LINK_MS_MAX = 120_000;

/** A linker command whose objects may stand in any order. */
export interface LinkCommand {
  command: string;
  before: string[];
  objects: string[];
  after: string[];
}

/**
 * Reads node-gyp's record of how the addon was linked: `cmd_TARGET := g++ -o TARGET … -Wl,--start-group A.o B.o …
 * -Wl,--end-group …`.
 * @returns null when it is something else
 */
export function parseLinkRecord(text: string): LinkCommand | null {
  const words = /^cmd_\S+ := (.+)$/m.exec(text)?.[1].trim().split(/\s+/) ?? [];
  const start = words.indexOf('-Wl,--start-group');
  const end = words.indexOf('-Wl,--end-group');
  if (start < 1 || end < start || words[1] !== '-o') return null;
  const group = words.slice(start + 1, end);
  const objects = group.filter((word) => word.endsWith('.o'));
  // Libraries are searched behind the objects, as before.
  const libraries = group.filter((word) => !word.endsWith('.o'));
  if (objects.length < 2) return null;
  return {
    command: words[0],
    before: [...words.slice(3, start), '-Wl,--start-group'],
    objects,
    after: [...libraries, ...words.slice(end)],
  };
}

/**
 * Links the addon of a built checkout anew, its objects in an order of chance: the same machine code at other addresses.
 * @throws SelftestError `ERR_SELFTEST_UNSUPPORTED` where the objects or the record are gone; InterruptedError
 */
export async function relinkAddon(
  rootDir: string,
  outputPath: string,
  random: Random,
  signal: AbortSignal,
): Promise<void> {
  const record = join(rootDir, LINK_RECORD);
  const link = existsSync(record) ? parseLinkRecord(readFileSync(record, 'utf8')) : null;
  if (link === null) {
    throw new SelftestError(
      'ERR_SELFTEST_UNSUPPORTED',
      `--neutral needs the record of how the addon was linked, ${record}; "rm -rf native/build && npm run build" makes it`,
    );
  }
  const failure = await runStep(
    {
      command: link.command,
      args: ['-o', outputPath, ...link.before, ...random.shuffled(link.objects), ...link.after],
      folder: join(rootDir, BUILD_FOLDER),
      environment: process.env,
      logPath: `${outputPath}.log`,
      timeoutMs: LINK_MS_MAX,
    },
    signal,
  );
  if (failure !== null)
    throw new SelftestError('ERR_SELFTEST_UNSUPPORTED', `linking the addon anew ${failure}`);
}
