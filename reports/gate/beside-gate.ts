import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readHistory } from '../../ci/baseline-store/promotion-history.js';
import { parseHistory } from '../../ci/history/history-line.js';
import { type HistoryView, historyView } from '../../ci/history/history-view.js';
import { ReportError } from '../record-file/report-error.js';
import { type Evidence, parseEvidence } from './evidence-file.js';
import { HISTORY_POINTS_MAX } from './history-section.js';

/** What the page of a gate shows besides the gate: what earlier ones said, and what the self-test has shown. */

/** The kept evidence of the self-test, which a gate's page shows unless another one is named. @param root of the package */
export function keptEvidence(root: string): string {
  return join(root, 'ci', 'gate', 'evidence', 'evidence.json');
}

/** Of the stored baselines, where promotions are kept. @param root of the package */
export function baselinesFolder(root: string): string {
  return join(root, 'ci', 'baselines');
}

/**
 * @param path `runs/history.ndjson`, or another file of its kind
 * @param baselines folder of the stored baselines, where promotions are kept
 * @returns null where there is no such file
 * @throws ReportError `ERR_REPORT_RECORD`
 */
export async function readGateHistory(path: string, baselines: string): Promise<HistoryView | null> {
  const text = await textOf(path);
  return text === null ? null : parseGateHistory(text, path, baselines);
}

/** {@link readGateHistory} for text that is already in memory. */
export function parseGateHistory(text: string, path: string, baselines: string): HistoryView {
  try {
    return historyView(parseHistory(text, path), readHistory(baselines), { last: HISTORY_POINTS_MAX });
  } catch (error) {
    throw new ReportError('ERR_REPORT_RECORD', (error as Error).message, { cause: error });
  }
}

/** Null where there is no such file. @throws ReportError `ERR_REPORT_RECORD` */
export async function readEvidence(path: string): Promise<Evidence | null> {
  const text = await textOf(path);
  return text === null ? null : parseEvidence(text, path);
}

async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new ReportError('ERR_REPORT_RECORD', `${path}: cannot be read (${code ?? String(error)}).`, {
      cause: error,
    });
  }
}
