import { z } from 'zod';
import type { RowFinding } from '../gate/output/gate-summary.js';
import { HistoryError } from './history-error.js';

/**
 * The history of gates: NDJSON, for each gate that came to a verdict one line per case and metric. A line says all by
 * itself, so that files can be cut, joined and searched by line. A gate that came to no figure (the machine was too
 * noisy to begin, or nothing that is served differs) has one line whose case and metric are null.
 */
export const HISTORY_SCHEMA = 'msgtrans.gate-history/1';
const ANY_VERSION = /^msgtrans\.gate-history\/(\d+)$/;

const FINDINGS = [
  'pass',
  'fail',
  'inconclusive',
  'improved',
  'shown',
] as const satisfies readonly RowFinding[];

const finite = z.number().finite();
const figure = finite.nullable();
const buildSchema = z.object({ commit: z.string().nullable(), dirty: z.boolean() });

/** Fields are added, never changed: what a later build adds is passed over here. */
const lineSchema = z.object({
  schema: z.literal(HISTORY_SCHEMA),
  /** When it was started and its seed: the same for all lines of one gate, and for no other's. */
  gate: z.string().min(1),
  /** When it came to its verdict. */
  at: z.iso.datetime(),
  /** Null for a checkout that is on no branch, as that of a pull request is in CI. */
  branch: z.string().nullable(),
  candidate: buildSchema,
  base: buildSchema.extend({ why: z.string() }),
  /** `stored`: without a base build. `identical-files`: not measured, because nothing that is served differs. */
  comparison: z.enum(['base-build', 'stored', 'identical-files']),
  anchor: z.boolean(),
  machine: z.object({
    fingerprint: z.string(),
    cpuModel: z.string(),
    cores: finite,
    kernel: z.string(),
    node: z.string(),
  }),
  case: z.string().nullable(),
  metric: z.string().nullable(),
  /** Of both values; `ratio` where stored ratios were compared. */
  unit: z.string().nullable(),
  better: z.enum(['higher', 'lower']).nullable(),
  valueBase: figure,
  valueCandidate: figure,
  /** Positive is slower. */
  slowdownPercent: figure,
  /** Two-sided, of this metric alone; null where there were too few invocations for one. */
  interval95Percent: z.tuple([finite, finite]).nullable(),
  /** Null for what is only shown. */
  limitPercent: figure,
  /** As in the table of the gate. */
  finding: z.enum(FINDINGS).nullable(),
  gateVerdict: z.enum(['pass', 'fail', 'inconclusive']),
  /** The verdict's own: 4 also where `--allow-inconclusive` made 0 of it. */
  exitCode: z.int().min(0),
  /** Those that were used; rounds of the run where stored ratios were compared. */
  invocations: z.int().min(0),
  unitDeviationPercent: figure,
  /** From the start of measuring to the verdict. */
  minutes: finite.min(0),
});

export type HistoryLine = z.output<typeof lineSchema>;

/** What one metric says of itself. */
export type MetricFacts = Pick<
  HistoryLine,
  | ('case' | 'metric' | 'unit' | 'better' | 'valueBase' | 'valueCandidate' | 'slowdownPercent')
  | ('interval95Percent' | 'limitPercent' | 'finding' | 'invocations' | 'unitDeviationPercent')
>;

/** What all lines of a gate have in common. */
export type GateFacts = Omit<HistoryLine, keyof MetricFacts>;

/** The gate's only line where no metric has any figure. */
export const NO_METRIC: MetricFacts = {
  ...{ case: null, metric: null, unit: null, better: null, valueBase: null, valueCandidate: null },
  ...{ slowdownPercent: null, interval95Percent: null, limitPercent: null, finding: null },
  ...{ invocations: 0, unitDeviationPercent: null },
};

/** Nobody reads more mistakes than this at once. */
const PROBLEMS_SHOWN_MAX = 20;

/**
 * In the order of time: joined files may hold them in another one. What follows the last newline was never finished and is left out.
 *
 * @param path for the words
 * @throws HistoryError naming file and line of every problem
 */
export function parseHistory(text: string, path: string): HistoryLine[] {
  const lines: HistoryLine[] = [];
  const problems: string[] = [];
  let isLater = false;
  const whole = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  for (const [index, line] of whole.entries()) {
    if (line === '') continue;
    const read = readLine(line);
    if (typeof read !== 'string') lines.push(read);
    else problems.push(`${path}:${index + 1}: ${read}`);
    isLater ||= read === LATER;
  }
  if (problems.length === 0) return lines.sort((left, right) => Date.parse(left.at) - Date.parse(right.at));
  const shown = problems.slice(0, PROBLEMS_SHOWN_MAX);
  if (problems.length > shown.length) shown.push(`… and ${problems.length - shown.length} more`);
  throw isLater
    ? new HistoryError(
        'ERR_HISTORY_VERSION',
        `${shown.join('\n')}\nRead it with a checkout as new as those lines.`,
      )
    : new HistoryError(
        'ERR_HISTORY_MALFORMED',
        `${shown.join('\n')}\nTake these lines out, or move the file away: the next gate begins a new one.`,
      );
}

const LATER = `was written by a later build; this one reads "${HISTORY_SCHEMA}"`;

function readLine(text: string): HistoryLine | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'is no JSON';
  }
  const schema = (value as { schema?: unknown } | null)?.schema;
  if (schema !== HISTORY_SCHEMA) {
    if (typeof schema === 'string' && ANY_VERSION.test(schema)) return LATER;
    return `has the schema ${JSON.stringify(schema) ?? 'none'}; this build reads "${HISTORY_SCHEMA}"`;
  }
  const result = lineSchema.safeParse(value);
  if (result.success) return result.data;
  const [{ path, message }] = result.error.issues;
  return `is malformed at ${path.join('.') || 'its top'}: ${message}`;
}

/** @throws ZodError for what would not be read again */
export function formatHistory(lines: readonly HistoryLine[]): string {
  return lines.map((line) => `${JSON.stringify(lineSchema.parse(line))}\n`).join('');
}
