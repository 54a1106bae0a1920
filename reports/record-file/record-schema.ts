import { z } from 'zod';
import { RECORD_SCHEMA, type RunRecord } from '../../scenarios/harness/record.js';

/**
 * The run record as a file is checked against it. Objects are loose: fields may be added to the format
 * without making older reports unreadable. `z.number()` refuses NaN and infinities.
 */

/** By names that the data brings: without a prototype, so that a case called `constructor` is there only where the record has it. */
function named<Value extends z.ZodType>(value: Value) {
  return z
    .record(z.string(), value)
    .transform((entries): Record<string, z.output<Value>> => Object.assign(Object.create(null), entries));
}

const interval = z.tuple([z.number(), z.number()]);
const count = z.number().nonnegative();

const metric = z.looseObject({
  value: z.number(),
  unit: z.string(),
  better: z.enum(['higher', 'lower']),
  ci95: interval.nullable(),
  n: count,
  mark: z.string().optional(),
});

const ledger = z.looseObject({
  sent: count,
  delivered: count,
  droppedCounted: count,
  unacknowledgedAtClose: count,
  // May be negative: more came back than was sent.
  lost: z.number(),
  duplicated: count,
  reordered: count,
  corrupted: count,
});

const series = z.looseObject({
  unit: z.string(),
  atNs: z.array(z.number()),
  values: z.array(z.number().nullable()),
  low: z.array(z.number().nullable()).optional(),
  high: z.array(z.number().nullable()).optional(),
});

const armError = z.looseObject({ round: z.number(), code: z.string(), message: z.string() });

const arm = z.looseObject({
  transport: z.string(),
  metrics: named(metric),
  histograms: named(z.string()),
  series: named(series),
  rounds: z.array(z.looseObject({ round: z.number(), order: z.number(), metrics: named(z.number()) })),
  ledger,
  messagesPerSessionMin: z.number().optional(),
  windowNs: z.number().optional(),
  coldPass: metric.optional(),
  errors: z.array(armError).optional(),
});

const caseRecord = z.looseObject({
  parameters: named(z.union([z.string(), z.number(), z.boolean()])),
  status: z.enum(['measured', 'not-measurable', 'projected']),
  reason: z.string().nullable(),
  arms: named(arm),
  absentArms: named(z.string()).optional(),
});

const fitted = z.looseObject({ value: z.number(), ci95: interval.nullable() });
const atThreads = fitted.extend({ threads: z.number().positive() });

const scaling = z.looseObject({
  work: z.string(),
  arm: z.string(),
  cores: count,
  throughputOfOne: fitted,
  points: z.array(atThreads).min(1),
  sigma: fitted,
  kappa: fitted,
  determined: z.boolean(),
  curve: z.array(atThreads.extend({ projected: z.boolean() })).min(1),
});

const machine = z.looseObject({
  fingerprint: z.string(),
  cpuModel: z.string(),
  cores: z.number(),
  numaNodes: z.number(),
  memoryBytes: z.number(),
  kernel: z.string(),
  node: z.string(),
  v8: z.string(),
  aluNoisePercent: z.number(),
});

const build = z.looseObject({
  commit: z.string().nullable(),
  dirty: z.boolean(),
  nativeHash: z.string(),
  baselineHash: z.string(),
  compiler: z.string(),
});

const stretch = z.looseObject({ fromSeconds: count, toSeconds: count });

const leak = z.looseObject({
  gauge: z.string(),
  label: z.string(),
  verdict: z.enum(['clean', 'leak', 'too-short', 'absent']),
  slopeBytesPerSecond: z.number().nullable(),
  baselineBytesPerSecond: z.number().nullable(),
  pRising: z.number().nullable(),
  troughs: count,
  judgedSeconds: count,
  detectableBytesPerSecond: z.number().nullable(),
  sinceSeconds: count.nullable(),
});

const soak = z.looseObject({
  durationSeconds: count,
  measuredSeconds: count,
  checkpointSeconds: count,
  checkpoints: count,
  running: z.boolean(),
  lives: z.array(z.looseObject({ startSeconds: count, endSeconds: count })),
  gaps: z.array(stretch.extend({ reason: z.string() })),
  phases: z.array(stretch.extend({ kind: z.string() })),
  leaks: named(z.array(leak)),
  plant: z.string().nullable(),
});

export const runRecordSchema = z.looseObject({
  schema: z.literal(RECORD_SCHEMA),
  scenario: z.string(),
  title: z.string(),
  announced: z.string().optional(),
  scenarioHash: z.string(),
  seed: z.number(),
  options: named(z.unknown()),
  startedAt: z.iso.datetime({ offset: true }),
  finishedAt: z.iso.datetime({ offset: true }),
  interrupted: z.boolean(),
  verdict: z.enum(['pass', 'fail', 'inconclusive']),
  reasons: z.array(z.string()),
  exitCode: z.number().int(),
  machine,
  build,
  cases: named(caseRecord),
  windows: z.array(
    z.looseObject({
      case: z.string(),
      arm: z.string(),
      round: z.number(),
      block: z.number(),
      startNs: z.number(),
      endNs: z.number(),
    }),
  ),
  blocks: z.array(
    z.looseObject({
      case: z.string(),
      round: z.number(),
      block: z.number(),
      stealPercent: z.number(),
      psiCpuSome: z.number().nullable(),
      dropped: z.boolean(),
      reason: z.string().nullable(),
    }),
  ),
  comparisons: z.array(
    z.looseObject({
      case: z.string(),
      metric: z.string(),
      arm: z.string(),
      against: z.string(),
      ratio: z.number(),
      ci95: interval.nullable(),
      n: count,
      mark: z.string().optional(),
      rounds: z.array(z.number()).optional(),
    }),
  ),
  checks: z.array(
    z.looseObject({
      id: z.string(),
      case: z.string(),
      kind: z.enum(['correctness', 'service-level']),
      expression: z.string(),
      value: z.number().nullable(),
      limit: z.number(),
      verdict: z.enum(['pass', 'fail', 'missed', 'not-measurable']),
      reason: z.string().nullable(),
    }),
  ),
  scaling: z.array(scaling).optional(),
  notes: z.array(z.string()).optional(),
  soak: soak.optional(),
});

// What passes the schema must be what the contract promises; a field that drifts fails to compile here.
type Accepts<Wide, Narrow extends Wide> = Narrow;
export type ContractCoversSchema = Accepts<RunRecord, z.output<typeof runRecordSchema>>;
