import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { canonicalDocument, canonicalLine } from './canonical-json.js';
import { storedFile, storedName } from './stored-name.js';

/**
 * The file of a stored baseline, `ci/baselines/<name>/<scenario>.json` or `…/suite-<suite>.json`: the ratios native ÷
 * baseline of one run or several, small enough for git. Absolute numbers are left out on purpose: they belong to a machine on a day.
 */
export const BASELINE_SCHEMA = 'msgtrans.baseline/2';

/** Some 4 KB a run: a file full of runs stays far below `BASELINE_BYTES_MAX`. */
export const RUNS_MAX = 100;
export const BASELINE_BYTES_MAX = 4 * 1024 * 1024;

/** JSON has no NaN, but a hand-made file can hold null, strings or 1e999. */
const finite = z.number().finite();
const ratio = finite.positive();

const metricSchema = z.strictObject({
  ratio,
  ci95: z
    .tuple([ratio, ratio])
    .refine(([low, high]) => low <= high, 'an interval begins below its end')
    .nullable(),
  /** Paired ratio of each round. */
  rounds: z.array(ratio).max(10_000),
});

const parametersSchema = z.record(z.string(), z.union([z.string(), finite, z.boolean()]));

export const storedRunSchema = z.strictObject({
  /** Start of the run and its seed: the same run is not added twice. */
  startedAt: z.iso.datetime(),
  seed: z.int().min(0),
  /** Of the scenario's file or the suite's sources: others may do other work under the same case names. */
  scenarioHash: z.string().min(1),
  /** Time per case, arm and round. */
  slotMs: finite.positive(),
  /** Of the facts in `machine`: those that neither an update nor another boot changes. */
  fingerprint: z.string().min(1),
  machine: z.strictObject({ cpuModel: z.string(), cores: z.int().positive(), kernelMajor: z.string() }),
  build: z.strictObject({
    /** Null outside a git checkout. */
    commit: z
      .string()
      .regex(/^[0-9a-f]{40,64}$/, 'no full commit hash')
      .nullable(),
    nativeHash: z.string(),
    baselineHash: z.string(),
    compiler: z.string(),
    node: z.string(),
  }),
  cases: z.record(
    z.string(),
    z.strictObject({ parameters: parametersSchema, metrics: z.record(z.string(), metricSchema) }),
  ),
});

export const baselineFileSchema = z.strictObject({
  schema: z.literal(BASELINE_SCHEMA),
  name: z.string(),
  /** As records name it: a suite is `suite:<name>`. */
  scenario: storedName,
  /** SHA-256 over the canonical JSON of everything else. */
  checksum: z.string(),
  /** In the order in which they were measured. */
  runs: z.array(storedRunSchema).min(1).max(RUNS_MAX),
});

export type StoredRun = z.output<typeof storedRunSchema>;
export type StoredMetric = z.output<typeof metricSchema>;
export type BaselineFile = z.output<typeof baselineFileSchema>;

export function baselinePath(baselines: string, name: string, scenario: string): string {
  return join(baselines, name, storedFile(scenario));
}

export function checksumOf({ schema, name, scenario, runs }: Omit<BaselineFile, 'checksum'>): string {
  return createHash('sha256').update(canonicalLine({ schema, name, scenario, runs })).digest('hex');
}

/** The same runs give the same file, in whatever order they were saved. */
export function baselineFileOf(name: string, scenario: string, runs: readonly StoredRun[]): BaselineFile {
  const ordered = runs.toSorted((left, right) => orderOf(left, right));
  const content = { schema: BASELINE_SCHEMA, name, scenario, runs: ordered } as const;
  return { ...content, checksum: checksumOf(content) };
}

export function baselineText(file: BaselineFile): string {
  return canonicalDocument(file);
}

function orderOf(left: StoredRun, right: StoredRun): number {
  if (left.startedAt === right.startedAt) return left.seed - right.seed;
  return left.startedAt < right.startedAt ? -1 : 1;
}

/** The same run, whatever else its record says by now. */
export function isSameRun(left: StoredRun, right: StoredRun): boolean {
  return left.startedAt === right.startedAt && left.seed === right.seed;
}
