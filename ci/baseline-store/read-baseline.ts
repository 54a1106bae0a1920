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
import { checksumProblems, parseStoredDocument, readBoundedText } from './stored-document.js';
import { wordsOf } from './stored-name.js';

/** A file that is there: either whole, or everything that is wrong with it. */
type Outcome = { file: BaselineFile; problems: [] } | { file: null; problems: string[] };

/** Null when there is none; throws `BaselineError` when there is one that cannot be trusted. */
export function readBaselineIfPresent(
  baselines: string,
  name: string,
  scenario: string,
): BaselineFile | null {
  const path = baselinePath(baselines, name, scenario);
  const text = readBoundedText(path, BASELINE_BYTES_MAX, unreadable(path));
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
      `make one with: ${wordsOf(scenario).command} -- --save-baseline ${name}`,
  );
}

function unreadable(path: string): (why: string, cause?: unknown) => BaselineError {
  return (why, cause) =>
    new BaselineError('ERR_BASELINE_INVALID', `${path} cannot be read: ${why}`, { cause });
}

/** Pure: what a text is as the file of this baseline. Problems read on from the file's name. */
export function checkBaseline(text: string, name: string, scenario: string): Outcome {
  const { value: file, problems: malformed } = parseStoredDocument(text, BASELINE_SCHEMA, baselineFileSchema);
  if (file === null) return { file: null, problems: malformed };
  const problems: string[] = [];
  if (file.name !== name || file.scenario !== scenario) {
    problems.push(`belongs to ${file.name}/${file.scenario}, not to ${name}/${scenario}`);
  }
  problems.push(...checksumProblems(file.checksum, checksumOf(file)));
  const doubles = file.runs.filter((run, index) =>
    file.runs.slice(0, index).some((other) => isSameRun(run, other)),
  );
  if (doubles.length > 0) problems.push(`holds the run of ${doubles[0].startedAt} more than once`);
  return problems.length === 0 ? { file, problems: [] } : { file: null, problems };
}
