import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashFolder } from '../../scenarios/harness/build-record.js';

/** What the work of a suite is told by, as a scenario's is by its file. */

/** Whether this checkout has a suite of that name. */
export function isSuite(rootDir: string, name: string): boolean {
  return existsSync(filePath(rootDir, name));
}

/**
 * Of the suite's file, the folder of its own beside it, and all loops in C++, since the headers of one serve another. It
 * stays the same whichever cases and arms are measured. What is measured is not in it, and neither is the harness: a
 * faster engine is to be compared, and how a window is taken changes no work.
 */
export function hashSuite(rootDir: string, name: string): string {
  const file = createHash('sha256')
    .update(readFileSync(filePath(rootDir, name)))
    .digest('hex');
  const folder = hashFolder(join(rootDir, 'suites', name), () => true);
  const loops = hashFolder(join(rootDir, 'native', 'loops'), isOfLoops);
  return createHash('sha256').update(`${file}\n${folder}\n${loops}\n`).digest('hex');
}

/** `counted/` is a program of its own. */
function isOfLoops(folder: string): boolean {
  return !folder.startsWith('build') && folder !== 'counted';
}

function filePath(rootDir: string, name: string): string {
  return join(rootDir, 'suites', `${name}.ts`);
}
