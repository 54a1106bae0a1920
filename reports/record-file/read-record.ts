import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RECORD_SCHEMA, type RunRecord } from '../../scenarios/harness/record.js';
import { runRecordSchema } from './record-schema.js';
import { ReportError } from './report-error.js';

/** A full run of the largest scenario writes about 5 MB; a file far above that is not a record. */
export const RECORD_BYTES_MAX = 256 * 1024 * 1024;
const PROBLEMS_SHOWN_MAX = 8;
/** As a key it is left out by the schema library, because assigning it would change an object's prototype. */
const PROTO_NAME = '"__proto__"';

/**
 * Reads and validates a run record.
 *
 * @param path record, or folder of a run, as the user named it; every error repeats it
 * @throws ReportError `ERR_REPORT_RECORD` when the file is missing, not JSON, of another schema version, or
 *   carries values that a record cannot have (NaN included)
 */
export async function readRecord(path: string): Promise<RunRecord> {
  return parseRecord(await readRecordText(path), path);
}

async function readRecordText(path: string): Promise<string> {
  try {
    const found = await stat(path);
    // The folder of a run, which may be going on.
    if (found.isDirectory()) return await readRecordText(join(path, 'record.json'));
    const { size } = found;
    if (size > RECORD_BYTES_MAX) {
      throw new ReportError(
        'ERR_REPORT_RECORD',
        `${path}: ${size} bytes, above the limit of ${RECORD_BYTES_MAX} for a run record. Name the record.json of a run.`,
      );
    }
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof ReportError) throw error;
    const detail = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new ReportError(
      'ERR_REPORT_RECORD',
      `${path}: cannot be read (${detail}). Name the record.json that a run wrote; \`npm run scenario <name>\` prints its path.`,
      { cause: error },
    );
  }
}

/** {@link readRecord} for text that is already in memory. */
export function parseRecord(text: string, path: string): RunRecord {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new ReportError(
      'ERR_REPORT_RECORD',
      `${path}: not JSON (${(error as Error).message}). The file is truncated, was changed or holds NaN; run the scenario again.`,
      { cause: error },
    );
  }
  const schema = (parsed as { schema?: unknown } | null)?.schema;
  if (schema !== RECORD_SCHEMA) {
    throw new ReportError(
      'ERR_REPORT_RECORD',
      `${path}: schema is ${JSON.stringify(schema) ?? 'absent'}, this version reads "${RECORD_SCHEMA}". ` +
        'Render it with the version that wrote it, or run the scenario again.',
    );
  }
  if (text.includes(PROTO_NAME)) {
    throw new ReportError(
      'ERR_REPORT_RECORD',
      `${path}: holds the name ${PROTO_NAME}, and what stands under it would be lost in reading. ` +
        'No case, arm or metric can have this name; choose another and run the scenario again.',
    );
  }
  const result = runRecordSchema.safeParse(parsed);
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    const shown = problems.slice(0, PROBLEMS_SHOWN_MAX);
    const hidden = problems.length - shown.length;
    throw new ReportError(
      'ERR_REPORT_RECORD',
      `${path}: not a valid run record (${problems.length} problem${problems.length === 1 ? '' : 's'}):\n` +
        shown.map((problem) => `  ${problem}`).join('\n') +
        (hidden > 0 ? `\n  and ${hidden} more` : '') +
        '\nRun the scenario again, or restore the file from version control.',
    );
  }
  return result.data;
}
