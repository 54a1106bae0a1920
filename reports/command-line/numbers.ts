import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { numbersBlock, withNumbers } from '../readme-numbers/numbers-block.js';
import { readRecord } from '../record-file/read-record.js';
import { ReportError } from '../record-file/report-error.js';
import { writeAtomically } from '../record-file/write-atomically.js';
import { reportArguments } from './arguments.js';
import type { ReportSurroundings } from './surroundings.js';

/** `numbers [--check]` */
export async function numbersCommand(args: string[], { root, print }: ReportSurroundings): Promise<number> {
  const { values, positionals } = reportArguments(args, { check: { type: 'boolean' } });
  if (positionals.length > 0) {
    throw new ReportError('ERR_REPORT_USAGE', `numbers takes no file: ${positionals.join(' ')}.`);
  }
  const readmePath = join(root, 'README.md');
  const record = await readRecord(join(root, 'reports', 'published', 'concurrent-1k', 'record.json'));
  const readme = await readFile(readmePath, 'utf8');
  const renewed = withNumbers(readme, numbersBlock(record));
  if (renewed === readme) {
    print('README.md has the numbers of the published record.');
    return 0;
  }
  if (values.check) {
    throw new ReportError(
      'ERR_REPORT_STALE',
      'The numbers in README.md are not those of reports/published/concurrent-1k/record.json. Run `npm run report -- numbers`.',
    );
  }
  await writeAtomically(readmePath, renewed);
  print('README.md: numbers renewed.');
  return 0;
}
