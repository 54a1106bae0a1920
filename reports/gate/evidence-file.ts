import { z } from 'zod';
import { ReportError } from '../record-file/report-error.js';

/** What the self-test of the gate leaves (`npm run gate -- selftest`): plain data, without a clock. */
export const EVIDENCE_SCHEMA = 'msgtrans.gate-evidence/1';

const finite = z.number().finite();
const count = z.int().min(0);
const interval = z.tuple([finite, finite]);

const tallySchema = z.object({
  gates: count,
  pass: count,
  fail: count,
  inconclusive: count,
  failShare95: interval.nullable(),
  passShare95: interval.nullable(),
  invocationsMean: finite.nullable(),
});

const metricSchema = z.object({
  name: z.string(),
  targeted: z.boolean(),
  slowdownPercent: finite.nullable(),
  interval95: interval.nullable(),
  deviationPercent: finite.nullable(),
  control: z.object({
    invocations: count,
    slowdownPercent: finite.nullable(),
    interval95: interval.nullable(),
    deviationPercent: finite.nullable(),
  }),
});

const seriesSchema = z.object({
  kind: z.string(),
  percent: finite.nullable(),
  stretches: count,
  invocations: z.object({ measured: count, usable: count, failed: count, disturbed: count }),
  metrics: z.array(metricSchema),
  drops: z.object({ blocks: count, dropped: count, causes: z.record(z.string(), count) }),
  ledger: z.object({ sent: finite, delivered: finite, lost: finite, duplicated: finite, corrupted: finite }),
  wholeGates: tallySchema,
  unfinishedGates: count.default(0),
  replayedGates: z.array(tallySchema.extend({ metric: z.string(), slowdownPercent: finite })).nullable(),
});

const powerSchema = z.object({
  metric: z.string(),
  invocations: count,
  stretches: count,
  points: z.array(
    z.object({
      slowdownPercent: finite,
      gates: count,
      pass: count,
      fail: count,
      inconclusive: count,
      failShare95: interval,
      invocationsMean: finite,
    }),
  ),
});

const evidenceSchema = z.object({
  schema: z.literal(EVIDENCE_SCHEMA),
  seed: count,
  banks: z.array(z.object({ file: z.string(), sha256: z.string(), stretches: count, invocations: count })),
  machines: z.array(
    z.object({
      fingerprint: z.string(),
      cpuModel: z.string(),
      cores: finite,
      kernel: z.string(),
      node: z.string(),
      stretches: count,
      aluNoisePercent: interval,
    }),
  ),
  builds: z
    .array(
      z.object({
        commit: z.string().nullable(),
        dirty: z.boolean(),
        blocks: count,
        windowMs: finite,
        stretches: count,
        invocations: count,
      }),
    )
    .default([]),
  metrics: z.array(
    z.object({ name: z.string(), case: z.string(), metric: z.string(), limitPercent: finite }),
  ),
  series: z.array(seriesSchema),
  power: z.array(powerSchema),
  wanted: z.array(
    z.object({
      kind: z.string(),
      percent: finite.nullable(),
      invocations: count,
      usable: count,
      missing: finite,
    }),
  ),
  findings: z.array(z.object({ holds: z.boolean().nullable(), sentence: z.string() })),
});

export type Evidence = z.output<typeof evidenceSchema>;
export type EvidenceSeries = Evidence['series'][number];
export type EvidenceTally = z.output<typeof tallySchema>;

/** @throws ReportError `ERR_REPORT_RECORD` naming the first thing that is wrong */
export function parseEvidence(text: string, path: string): Evidence {
  const refuse = (what: string): never => {
    throw new ReportError(
      'ERR_REPORT_RECORD',
      `${path}: ${what}. \`npm run gate -- selftest --help\` says how evidence is made.`,
    );
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse(`not JSON (${(error as Error).message})`);
  }
  const result = evidenceSchema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  return refuse(
    `not the evidence of a self-test, at ${issue!.path.join('.') || 'its top'}: ${issue!.message}`,
  );
}
