import { z } from 'zod';
import { GATE_ARMS } from './gate-arms.js';

/**
 * One invocation as it lies in the raw file: what was measured, never what was made of it. Every figure of a verdict
 * comes from these lines alone. Fields are added, never changed.
 */

const finite = z.number().finite();
const armSchema = z.enum(GATE_ARMS);

const windowSchema = z.object({
  arm: armSchema,
  startNs: finite,
  endNs: finite,
  operations: finite,
  serverCpuNs: finite,
  generatorCpuNs: finite,
  /** Closed loop: service time. Open loop: from the intended time to the reply. Null when nothing came back. */
  latencyNs: z.object({ samples: finite, p50: finite, p99: finite }).nullable(),
});

const blockSchema = z.object({
  /** In the order they ran: an order of chance and its mirror. */
  windows: z.array(windowSchema).length(4),
  stealPercent: finite,
  psiCpuSome: finite.nullable(),
  foreignPercent: finite.nullable(),
  unaccountedPercent: finite.optional(),
  throttledUs: finite.nullable(),
  dropped: z.object({ kind: z.string(), reason: z.string() }).nullable(),
});

const ledgerSchema = z.object({
  sent: finite,
  delivered: finite,
  droppedCounted: finite,
  unacknowledgedAtClose: finite,
  lost: finite,
  duplicated: finite,
  reordered: finite,
  corrupted: finite,
});

const caseSchema = z.object({
  /** Requests per second, in open loop. */
  ratePerSecond: finite.nullable(),
  /** By what is compared with the base. */
  blocks: z.object({ candidate: z.array(blockSchema), control: z.array(blockSchema) }),
  ledgers: z.partialRecord(armSchema, ledgerSchema),
  /** What was counted between the first block and the last, by the names of the control protocol. */
  counters: z.partialRecord(armSchema, z.record(z.string(), finite)),
});

/** What is known of a failure besides whose it seems to be; absent where there was nothing to know. */
export const failureCircumstances = {
  /** Arms that failed in the same way at the same time. */
  others: z.array(armSchema).optional(),
  /** What disturbed the machine meanwhile, where that alone may be the cause. */
  disturbance: z.string().optional(),
};

const failureSchema = z.object({
  ...{ arm: armSchema, code: z.string(), message: z.string() },
  ...failureCircumstances,
});

export const invocationSchema = z.object({
  kind: z.literal('invocation'),
  index: z.int().min(0),
  seed: z.int().min(0),
  startedAt: z.string(),
  startOrder: z.array(armSchema),
  warmUp: z.object({ passes: z.int().min(0), seconds: finite, agreed: z.boolean() }),
  cases: z.record(z.string(), caseSchema),
  memoryBytesPerSession: z.partialRecord(armSchema, finite),
  /** What went wrong, and whose fault it was; the invocation then counts for nothing but this. */
  failure: failureSchema.nullable(),
});

export type WindowLine = z.output<typeof windowSchema>;
export type BlockLine = z.output<typeof blockSchema>;
export type CaseLine = z.output<typeof caseSchema>;
export type FailureLine = z.output<typeof failureSchema>;
export type InvocationLine = z.output<typeof invocationSchema>;
