import { resolve } from 'node:path';
import { isGate } from '../gate/read-gate.js';
import { readRecord } from '../record-file/read-record.js';
import { ReportError } from '../record-file/report-error.js';
import { writeAtomically } from '../record-file/write-atomically.js';
import { renderReport } from '../render-report.js';
import { reportArguments } from './arguments.js';
import { renderGatePage } from './render-gate.js';
import type { ReportSurroundings } from './surroundings.js';

/** `FILES… --html OUT`, or a gate with what stands beside it. */
export async function renderCommand(args: string[], surroundings: ReportSurroundings): Promise<number> {
  const { values, positionals } = reportArguments(args, {
    html: { type: 'string' },
    history: { type: 'string' },
    evidence: { type: 'string' },
  });
  if (positionals.length === 0) {
    throw new ReportError(
      'ERR_REPORT_USAGE',
      'Name at least one record file, for instance runs/latest/record.json, or the folder of a gate.',
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
  const paths = positionals.map((file) => resolve(from, file));
  const gates = (await Promise.all(paths.map(isGate))).filter(Boolean).length;
  if (gates > 0) {
    if (paths.length > 1) {
      throw new ReportError(
        'ERR_REPORT_USAGE',
        `A page shows one gate and nothing else; ${paths.length} paths were named. Render each by itself.`,
      );
    }
    const beside = (name: 'history' | 'evidence') =>
      typeof values[name] === 'string' ? resolve(from, values[name]) : null;
    const rendering = { gate: paths[0]!, out, history: beside('history'), evidence: beside('evidence') };
    return renderGatePage(rendering, surroundings);
  }
  for (const name of ['history', 'evidence']) {
    if (values[name] === undefined) continue;
    throw new ReportError('ERR_REPORT_USAGE', `--${name} is for the page of a gate, and no gate is named.`);
  }
  const records = [];
  for (const path of paths) records.push(await readRecord(path));
  const { clientEntryPath } = surroundings;
  await writeAtomically(out, await renderReport(records, clientEntryPath ? { clientEntryPath } : {}));
  surroundings.print(`report: ${out}`);
  return 0;
}
