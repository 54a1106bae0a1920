import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { BaselineError } from './baseline-error.js';

/**
 * A stored baseline: the ratios native ÷ baseline of several runs of one scenario, small enough for git. Absolute
 * numbers are left out on purpose: they belong to a machine on a day.
 */
export const BASELINE_SCHEMA = 'msgtrans.baseline/1';

/** JSON has no NaN, but a hand-made file can hold null, strings or 1e999. */
const finite = z.number().finite();
const ratio = finite.positive();

const metricSchema = z.strictObject({
  ratio,
  ci95: z.tuple([ratio, ratio]).nullable(),
  /** Paired ratio of each round. */
  rounds: z.array(ratio).max(10_000),
});

const parametersSchema = z.record(z.string(), z.union([z.string(), finite, z.boolean()]));

export const storedRunSchema = z.strictObject({
  savedAt: z.string(),
  /** Start of the run and its seed: the same run is not added twice. */
  startedAt: z.string(),
  seed: z.int().min(0),
  /** A quick run is compared with quick runs only. */
  quick: z.boolean(),
  slotMs: finite.positive(),
  fingerprint: z.string().min(1),
  machine: z.strictObject({ cpuModel: z.string(), cores: z.int().positive(), kernelMajor: z.string() }),
  build: z.strictObject({
    commit: z.string().nullable(),
    dirty: z.boolean(),
    nativeHash: z.string(),
    baselineHash: z.string(),
  }),
  cases: z.record(
    z.string(),
    z.strictObject({ parameters: parametersSchema, metrics: z.record(z.string(), metricSchema) }),
  ),
});

const fileSchema = z.strictObject({
  schema: z.literal(BASELINE_SCHEMA),
  name: z.string(),
  scenario: z.string(),
  /** SHA-256 over the canonical JSON of `runs`. */
  checksum: z.string(),
  runs: z.array(storedRunSchema).min(1).max(1_000),
});

export type StoredRun = z.output<typeof storedRunSchema>;
export type StoredMetric = z.output<typeof metricSchema>;
export type BaselineFile = z.output<typeof fileSchema>;

export function baselinePath(baselines: string, name: string, scenario: string): string {
  return join(baselines, name, `${scenario}.json`);
}

export function checksumOf(runs: readonly StoredRun[]): string {
  return createHash('sha256').update(canonical(runs)).digest('hex');
}

/** Keys sorted, so that the checksum speaks of the content and not of who wrote it. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(',')}}`;
}

/** Null when there is none; throws `BaselineError` when there is one that cannot be trusted. */
export function readBaselineIfPresent(path: string, name: string, scenario: string): BaselineFile | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new BaselineError('ERR_BASELINE_INVALID', `${path} cannot be read: ${(error as Error).message}`);
  }
  const invalid = (what: string): BaselineError =>
    new BaselineError('ERR_BASELINE_INVALID', `${path} ${what}; restore it from git, or save a new baseline`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid('is not complete JSON');
  }
  const version = (value as { schema?: unknown } | null)?.schema;
  if (version !== BASELINE_SCHEMA) {
    throw invalid(`has the schema ${JSON.stringify(version)}; this build reads ${BASELINE_SCHEMA}`);
  }
  const result = fileSchema.safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw invalid(`is malformed at ${issue.path.join('.') || 'its top'}: ${issue.message}`);
  }
  const file = result.data;
  if (file.checksum !== checksumOf(file.runs))
    throw invalid('does not match its checksum: it was changed by hand or damaged');
  if (file.name !== name || file.scenario !== scenario) {
    throw invalid(`belongs to ${file.name}/${file.scenario}, not to ${name}/${scenario}`);
  }
  return file;
}

export function readBaseline(path: string, name: string, scenario: string): BaselineFile {
  const file = readBaselineIfPresent(path, name, scenario);
  if (file !== null) return file;
  throw new BaselineError(
    'ERR_BASELINE_MISSING',
    `there is no stored baseline ${path}; make one with: npm run scenario ${scenario} -- --save-baseline ${name}`,
  );
}

/** Replaces a file whole or not at all. */
export type WriteFile = (path: string, content: string) => void;

export function writeBaseline(
  path: string,
  [name, scenario]: readonly [name: string, scenario: string],
  runs: readonly StoredRun[],
  write: WriteFile,
): void {
  const file: BaselineFile = {
    schema: BASELINE_SCHEMA,
    name,
    scenario,
    checksum: checksumOf(runs),
    runs: [...runs],
  };
  mkdirSync(dirname(path), { recursive: true });
  write(path, `${JSON.stringify(fileSchema.parse(file), null, 1)}\n`);
}
