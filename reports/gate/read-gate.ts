import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseRawLines, RawFileError, type RawLine } from '../../ci/gate/invocation/raw-file.js';
import { ReportError } from '../record-file/report-error.js';
import { type GateInput, isMeasured } from './gate-input.js';
import { summarySchema, verdictSchema } from './verdict-schema.js';

/** What a gate leaves in its folder. */
export const VERDICT_FILE = 'verdict.json';
export const INVOCATIONS_FILE = 'invocations.ndjson';

/** Whether a path names a gate: its folder, or its verdict. */
export async function isGate(path: string): Promise<boolean> {
  if (basename(path) === VERDICT_FILE) return true;
  try {
    return (await stat(join(path, VERDICT_FILE))).isFile();
  } catch {
    return false;
  }
}

/**
 * Reads a gate's verdict, and its raw lines where they lie beside it.
 *
 * @param path folder of a gate, or its `verdict.json`
 * @throws ReportError `ERR_REPORT_RECORD` naming the file and what is wrong in it
 */
export async function readGate(path: string): Promise<Pick<GateInput, 'verdict' | 'lines'>> {
  const folder = basename(path) === VERDICT_FILE ? dirname(path) : path;
  const verdictPath = join(folder, VERDICT_FILE);
  const text = await readText(verdictPath);
  if (text === null) return refuse(verdictPath, 'there is no such file');
  return parseGate(text, await readText(join(folder, INVOCATIONS_FILE)), folder);
}

/** {@link readGate} for texts that are already in memory. @param raw null where there are no raw lines */
export function parseGate(
  text: string,
  raw: string | null,
  folder: string,
): Pick<GateInput, 'verdict' | 'lines'> {
  const verdict = parseVerdict(text, join(folder, VERDICT_FILE));
  const lines = raw === null || !isMeasured(verdict) ? [] : parseLines(raw, join(folder, INVOCATIONS_FILE));
  return { verdict, lines };
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    return refuse(path, `cannot be read (${code ?? String(error)})`, error);
  }
}

export function parseVerdict(text: string, path: string): GateInput['verdict'] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse(path, `not JSON (${(error as Error).message})`, error);
  }
  const hasSchema = typeof value === 'object' && value !== null && 'schema' in value;
  const result = (hasSchema ? verdictSchema : summarySchema).safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  return refuse(
    path,
    `not the verdict of a gate, at ${issue!.path.join('.') || 'its top'}: ${issue!.message}`,
  );
}

function parseLines(text: string, path: string): RawLine[] {
  try {
    return parseRawLines(text, path);
  } catch (error) {
    if (!(error instanceof RawFileError)) throw error;
    throw new ReportError('ERR_REPORT_RECORD', error.message, { cause: error });
  }
}

function refuse(path: string, what: string, cause?: unknown): never {
  throw new ReportError(
    'ERR_REPORT_RECORD',
    `${path}: ${what}. Name the folder of a gate, runs/<UTC>-gate-<seed>, or its ${VERDICT_FILE}; \`npm run gate\` prints its path.`,
    { cause },
  );
}
