import { z } from 'zod';
import { METRIC_NAMES } from '../../../scenarios/harness/metrics.js';
import { GATE_ARMS } from '../invocation/gate-arms.js';
import { failureCircumstances } from '../invocation/invocation-record.js';
import { buildSchema, machineSchema } from '../invocation/raw-file.js';
import { SELFTEST_KINDS } from './selftest-kinds.js';

/**
 * The lines of a bank: a header for each uninterrupted stretch of measuring, then its invocations, then why it ended. They hold
 * what the decision is fed with and what explains it, and no windows: thousands of invocations are to lie in git. Fields are
 * added, never changed.
 */
export const BANK_SCHEMA = 'msgtrans.gate-bank/1';

/** Log ratios are kept as whole multiples of this: a thousandth of the usual noise. */
export const RATIO_STEP = 1e-5;

const finite = z.number().finite();
const count = z.int().min(0);

const calibrationSchema = z.object({
  metric: z.string(),
  /** What was tried, with the median slowdown that it gave. */
  steps: z.array(z.object({ amount: finite, invocations: count, slowdownPercent: finite })),
});

const metricSchema = z.object({
  case: z.string(),
  metric: z.enum(METRIC_NAMES),
  limitPercent: z.number().positive(),
  /** `timed` has a log ratio for each block, `tally` one for the invocation. */
  kind: z.enum(['timed', 'tally']).default('timed'),
});

const headerSchema = z.object({
  kind: z.literal('header'),
  schema: z.literal(BANK_SCHEMA),
  startedAt: z.string(),
  seed: count,
  series: z.object({ kind: z.enum(SELFTEST_KINDS), percent: z.number().positive().nullable() }),
  /** Units of injected work per message, or per wake-up; null where none is injected. */
  amount: z.number().min(0).nullable(),
  /** How the amount was found; null where it was given, or found by an earlier stretch of this bank. */
  calibration: calibrationSchema.nullable(),
  metrics: z.array(metricSchema).min(1),
  /** Blocks that an invocation was to have. */
  blocks: z.int().positive(),
  /** Of each of a block's four windows. */
  windowMs: z.number().positive().default(50),
  /** Why a gate would have been inconclusive before its first invocation. */
  objections: z.array(z.string()),
  build: buildSchema,
  machine: machineSchema,
});

/** For each metric of the header, in its order: log ratios in steps, of the kept blocks, positive when `side` is slower. */
const ratiosSchema = z.array(z.array(z.int()));
/** Blocks of all cases. */
const dropsSchema = z.object({ blocks: count, causes: z.record(z.string(), count) });

/**
 * Messages of an arm, in the order of these names. The last are reordered, dropped by the arm, or left unanswered: the gate's load
 * allows for none of these either.
 */
export const LEDGER_COUNTS = ['sent', 'delivered', 'lost', 'duplicated', 'corrupted', 'otherFaults'] as const;
const ledgerSchema = z.tuple([count, count, z.int(), count, count, count]);

const failureSchema = z.object({
  ...{ arm: z.enum(GATE_ARMS).nullable(), code: z.string(), message: z.string() },
  ...failureCircumstances,
});

const invocationSchema = z.object({
  kind: z.literal('invocation'),
  index: count,
  startedAt: z.string(),
  startOrder: z.array(z.enum(GATE_ARMS)),
  /** How the layout of a neutral candidate differed. */
  variant: z.string().nullable(),
  ratePerSecond: finite.nullable(),
  ratios: z.object({ candidate: ratiosSchema, control: ratiosSchema.nullable() }),
  drops: z.object({ candidate: dropsSchema, control: dropsSchema.nullable() }),
  ledgers: z.partialRecord(z.enum(GATE_ARMS), ledgerSchema),
  /** Whose fault it was that it ended early; null for nobody's, or for one without values to compare. */
  failure: failureSchema.nullable(),
  /** Why a gate that began here would have been inconclusive; absent where the machine was not looked at again. */
  objections: z.array(z.string()).optional(),
});

const endSchema = z.object({
  kind: z.literal('end'),
  /** `stress`: what was to disturb the machine had ended by itself. */
  why: z.enum(['done', 'budget', 'interrupted', 'failures', 'stress']),
});

export const bankLineSchema = z.discriminatedUnion('kind', [headerSchema, invocationSchema, endSchema]);

export type BankHeader = z.output<typeof headerSchema>;
export type BankInvocation = z.output<typeof invocationSchema>;
export type BankEnd = z.output<typeof endSchema>;
export type BankLine = z.output<typeof bankLineSchema>;
export type BankLedger = z.output<typeof ledgerSchema>;
export type BankMetric = BankHeader['metrics'][number];
export type Calibration = z.output<typeof calibrationSchema>;
