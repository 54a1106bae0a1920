import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { BaselineError } from './baseline-error.js';
import {
  BASELINE_BYTES_MAX,
  BASELINE_SCHEMA,
  type BaselineFile,
  baselineFileSchema,
  baselinePath,
  checksumOf,
  isSameRun,
} from './baseline-file.js';

const PROBLEMS_SHOWN_MAX = 8;

/** A file that is there: either whole, or everything that is wrong with it. */
type Outcome = { file: BaselineFile; problems: [] } | { file: null; problems: string[] };

/** Null when there is none; throws `BaselineError` when there is one that cannot be trusted. */
export function readBaselineIfPresent(
  baselines: string,
  name: string,
  scenario: string,
): BaselineFile | null {
  const path = baselinePath(baselines, name, scenario);
  const text = readBounded(path);
  if (text === null) return null;
  const { file, problems } = checkBaseline(text, name, scenario);
  if (file !== null) return file;
  throw new BaselineError(
    'ERR_BASELINE_INVALID',
    `${path} ${problems.join(`;\n${path} `)}\nRestore it from git, or remove it and save a new baseline: ` +
      `npm run baseline -- rm ${name}`,
  );
}

/** @throws BaselineError `ERR_BASELINE_MISSING` when there is none, `ERR_BASELINE_INVALID` when it cannot be trusted */
export function readBaseline(baselines: string, name: string, scenario: string): BaselineFile {
  const file = readBaselineIfPresent(baselines, name, scenario);
  if (file !== null) return file;
  throw new BaselineError(
    'ERR_BASELINE_MISSING',
    `there is no stored baseline ${baselinePath(baselines, name, scenario)}; ` +
      `make one with: npm run scenario ${scenario} -- --save-baseline ${name}`,
  );
}

function readBounded(path: string): string | null {
  const unreadable = (why: string, cause?: unknown): BaselineError =>
    new BaselineError('ERR_BASELINE_INVALID', `${path} cannot be read: ${why}`, { cause });
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unreadable((error as Error).message, error);
  }
  try {
    const { size } = fstatSync(descriptor);
    if (size > BASELINE_BYTES_MAX) {
      throw unreadable(`${size} bytes, above the limit of ${BASELINE_BYTES_MAX} for a stored baseline`);
    }
    return readFileSync(descriptor, 'utf8');
  } catch (error) {
    throw error instanceof BaselineError ? error : unreadable((error as Error).message, error);
  } finally {
    closeSync(descriptor);
  }
}

/** Pure: what a text is as the file of this baseline. Problems read on from the file's name. */
export function checkBaseline(text: string, name: string, scenario: string): Outcome {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { file: null, problems: [`is not complete JSON: ${(error as Error).message}`] };
  }
  const version = (value as { schema?: unknown } | null)?.schema;
  if (version !== BASELINE_SCHEMA) {
    const found = JSON.stringify(version) ?? 'none';
    return { file: null, problems: [`has the schema ${found}; this build reads "${BASELINE_SCHEMA}"`] };
  }
  const result = baselineFileSchema.safeParse(value);
  if (!result.success) {
    const problems = result.error.issues.map(
      ({ path, message }) => `is malformed at ${path.join('.') || 'its top'}: ${message}`,
    );
    const hidden = problems.length - PROBLEMS_SHOWN_MAX;
    const shown = problems.slice(0, PROBLEMS_SHOWN_MAX);
    return { file: null, problems: hidden > 0 ? [...shown, `has ${hidden} more problems`] : shown };
  }
  const file = result.data;
  const problems: string[] = [];
  if (file.name !== name || file.scenario !== scenario) {
    problems.push(`belongs to ${file.name}/${file.scenario}, not to ${name}/${scenario}`);
  }
  const checksum = checksumOf(file);
  if (file.checksum !== checksum) {
    problems.push(
      `does not match its checksum (${file.checksum.slice(0, 12)}… written, ${checksum.slice(0, 12)}… computed): ` +
        'it was changed by hand or damaged',
    );
  }
  const doubles = file.runs.filter((run, index) =>
    file.runs.slice(0, index).some((other) => isSameRun(run, other)),
  );
  if (doubles.length > 0) problems.push(`holds the run of ${doubles[0].startedAt} more than once`);
  return problems.length === 0 ? { file, problems: [] } : { file: null, problems };
}
