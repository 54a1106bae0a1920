import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ReportError } from '../record-file/report-error.js';

let found: string | null = null;

/**
 * The folder of this package's `package.json`. Templates and styles are not compiled, so they are read from
 * the source tree, both when this module runs from `dist/` and when a test runs it from source.
 */
export function packageRoot(): string {
  found ??= searchUpwards(dirname(fileURLToPath(import.meta.url)));
  return found;
}

function searchUpwards(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === 'msgtrans') return folder;
    if (dirname(folder) === folder) {
      throw new ReportError(
        'ERR_REPORT_ASSET',
        `No package.json of msgtrans above ${start}: the report's templates cannot be found. Run from a checkout of the repository.`,
      );
    }
  }
}
