import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunRecord } from '../../scenarios/harness/record.js';
import { readRecord } from '../record-file/read-record.js';

/** A record under `reports/published/`; its report lies in the same folder. */
export interface PublishedRecord {
  folder: string;
  record: RunRecord;
}

/** What `publish` calls its folders; anything else could lead a link elsewhere. */
export const PUBLISHED_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/**
 * Every published record, in the order of the folders' names; none where nothing was published.
 *
 * @throws ReportError `ERR_REPORT_RECORD` when a folder's record is missing or invalid
 */
export async function publishedRecords(published: string): Promise<PublishedRecord[]> {
  const folders = (await entriesOf(published))
    .filter((entry) => entry.isDirectory() && PUBLISHED_NAME.test(entry.name))
    .map((entry) => entry.name)
    .sort();
  const records: PublishedRecord[] = [];
  for (const folder of folders) {
    records.push({ folder, record: await readRecord(join(published, folder, 'record.json')) });
  }
  return records;
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
