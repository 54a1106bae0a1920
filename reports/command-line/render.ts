import { resolve } from 'node:path';
import { readRecord } from '../record-file/read-record.js';
import { ReportError } from '../record-file/report-error.js';
import { writeAtomically } from '../record-file/write-atomically.js';
import { renderReport } from '../render-report.js';
import { reportArguments } from './arguments.js';
import type { ReportSurroundings } from './surroundings.js';

/** `FILES… --html OUT` */
export async function renderCommand(args: string[], surroundings: ReportSurroundings): Promise<number> {
  const { values, positionals } = reportArguments(args, { html: { type: 'string' } });
  if (positionals.length === 0) {
    throw new ReportError(
      'ERR_REPORT_USAGE',
      'Name at least one record file, for instance runs/latest/record.json.',
    );
  }
  if (!values.html) {
    throw new ReportError(
      'ERR_REPORT_USAGE',
      'Say where the page goes: --html OUT, for instance --html report.html.',
    );
  }
  // npm runs scripts in the package's folder; paths are those of where the user stood.
  const from = surroundings.env.INIT_CWD ?? process.cwd();
  const out = resolve(from, String(values.html));
  const records = [];
  for (const file of positionals) records.push(await readRecord(resolve(from, file)));
  const { clientEntryPath } = surroundings;
  await writeAtomically(out, await renderReport(records, clientEntryPath ? { clientEntryPath } : {}));
  surroundings.print(`report: ${out}`);
  return 0;
}
