import { z } from 'zod';
import { GATED_KINDS } from '../../ci/gate/invocation/gated-metrics.js';
import type { GateSummary } from '../../ci/gate/output/gate-summary.js';
import { GATE_SCHEMA, type GateVerdictFile } from '../../ci/gate/verdict/gate-verdict.js';
import { METRIC_NAMES } from '../../scenarios/harness/metrics.js';

/**
 * `verdict.json` as it is read back: of a gate that measured, and the summary of one that had nothing to interleave. Fields that a later
 * build adds are kept, so that the page hands on what it was made from.
 */

const finite = z.number().finite();
const count = z.int().min(0);
const figure = finite.nullable();
const verdictWord = z.enum(['pass', 'fail', 'inconclusive', 'interrupted']);
const exitCode = z.union([0, 1, 2, 3, 4, 5, 6, 130].map((code) => z.literal(code)));
const build = z.looseObject({ commit: z.string().nullable(), dirty: z.boolean() });
const finding = z.enum(['open', 'cleared', 'suspect', 'confirmed', 'unconfirmed', 'undecided']);

const sideSchema = z.looseObject({
  finding,
  reason: z.string(),
  looks: z.array(
    z.looseObject({
      invocations: count,
      estimatePercent: finite,
      lowerPercent: figure,
      upperPercent: figure,
      suspectLevel: finite,
      passLevel: finite,
      finding,
    }),
  ),
  confirmation: z
    .object({
      freshInvocations: count,
      freshEstimatePercent: finite,
      pooledInvocations: count,
      pooledEstimatePercent: finite,
      pooledLowerPercent: figure,
      level: finite,
    })
    .nullable(),
});

const metricSchema = z.looseObject({
  case: z.string(),
  metric: z.enum(METRIC_NAMES),
  kind: z.enum(GATED_KINDS),
  limitPercent: z.number().positive(),
  base: figure,
  candidate: figure,
  slowdownPercent: figure,
  // Verdicts from before it was kept have none.
  interval95Percent: z.tuple([finite, finite]).nullable().default(null),
  noise: z.looseObject({ windowDeviationPercent: finite, windowRootMeanSquarePercent: finite }).nullable(),
  unitDeviationPercent: figure,
  state: z
    .object({
      name: z.string(),
      kind: z.enum(['noisy', 'counter']),
      limitPercent: z.number().positive(),
      slower: sideSchema,
      faster: sideSchema,
    })
    .nullable(),
});

export const verdictSchema: z.ZodType<GateVerdictFile> = z.looseObject({
  schema: z.literal(GATE_SCHEMA),
  verdict: verdictWord,
  exitCode,
  reasons: z.array(z.string()),
  startedAt: z.string(),
  seed: count,
  base: build.extend({ why: z.string() }),
  candidate: build,
  machine: z.looseObject({
    fingerprint: z.string(),
    cpuModel: z.string(),
    cores: finite,
    kernel: z.string(),
    node: z.string(),
    aluNoisePercent: finite,
  }),
  invocations: z.looseObject({ measured: count, used: count, wanted: count }),
  metrics: z.array(metricSchema),
  drops: z.looseObject({
    blocks: count,
    dropped: count,
    droppedShare: finite,
    objection: z.string().nullable(),
    causes: z.record(z.string(), count),
  }),
  control: z.array(
    z.looseObject({
      metric: z.string(),
      invocations: count,
      estimatePercent: figure,
      suspect: z.boolean(),
      reason: z.string(),
    }),
  ),
  notes: z.array(z.string()),
}) as unknown as z.ZodType<GateVerdictFile>;

export const summarySchema: z.ZodType<GateSummary> = z.looseObject({
  verdict: verdictWord,
  exitCode: z.int(),
  comparison: z.string(),
  reasons: z.array(z.string()),
  rows: z.array(
    z.looseObject({
      case: z.string(),
      metric: z.string(),
      base: z.string(),
      candidate: z.string(),
      slowdown: z.string(),
      limit: z.string(),
      finding: z.enum(['pass', 'fail', 'inconclusive', 'improved', 'shown']),
      reason: z.string(),
    }),
  ),
  notes: z.array(z.string()),
  improved: z.boolean(),
});
