import { crc32 } from 'node:zlib';
import { z } from 'zod';

/**
 * What a soak writes down every minute, one line each: `{"crc32":"…","entry":{…}}`, the checksum over the entry's bytes.
 * Fields are added, never changed; `SCHEMA` says which version a segment has.
 */
export const CHECKPOINT_SCHEMA = 'msgtrans.checkpoints/1';

const count = z.number().min(0);
const seconds = z.number().min(0);
const sequence = z.int().min(0);

/** First line of each segment: which run this is a piece of. */
const runEntry = z.looseObject({
  kind: z.literal('run'),
  schema: z.literal(CHECKPOINT_SCHEMA),
  sequence,
  segment: z.int().min(1),
  /** The same in every segment of a run, and in no other run's. */
  run: z.string().min(1),
  scenario: z.string(),
  scenarioHash: z.string(),
  nativeHash: z.string(),
  fingerprint: z.string(),
  seed: z.number(),
  durationSeconds: seconds,
  checkpointSeconds: z.number().positive(),
  quick: z.boolean(),
  plant: z.string().nullable(),
  startedAt: z.iso.datetime(),
});

/** Fresh processes begin to work. */
const lifeEntry = z.looseObject({
  kind: z.literal('life'),
  sequence,
  life: z.int().min(0),
  /** Seconds of the run, gaps included. */
  atSeconds: seconds,
  startedAt: z.iso.datetime(),
});

const gauges = z.record(z.string(), z.number().nullable());

const sample = z.looseObject({ atSeconds: seconds, operations: count, gauges });
const loadCounts = z.looseObject({
  sent: count,
  delivered: count,
  unacknowledgedAtClose: count,
  lost: z.number(),
  duplicated: count,
  reordered: count,
  corrupted: count,
});
const intake = z.looseObject({
  received: count,
  lost: count,
  duplicated: count,
  reordered: count,
  corrupted: count,
});

const armCheckpoint = z.looseObject({
  samples: z.array(sample),
  /** Since the last checkpoint. */
  operations: count,
  bytes: count,
  latency: z.string().nullable(),
  latencySamples: count,
  /** Since the processes started. */
  counts: loadCounts,
  intake,
  dropped: count,
  inFlight: count,
  sessionsOpen: count,
  heldBack: count,
  churned: count,
  cut: count,
  errors: count,
  firstErrors: z.array(z.string()),
});

const phase = z.looseObject({ kind: z.string(), fromSeconds: seconds, toSeconds: seconds });

const checkpointEntry = z.looseObject({
  kind: z.literal('checkpoint'),
  sequence,
  life: z.int().min(0),
  atSeconds: seconds,
  /** Since the last checkpoint. */
  seconds,
  writtenAt: z.iso.datetime(),
  phases: z.array(phase),
  stealPercent: z.number(),
  psiCpuSome: z.number().nullable(),
  arms: z.record(z.string(), armCheckpoint),
});

/** The run ended by itself: as planned, interrupted, or because something failed. */
const endEntry = z.looseObject({
  kind: z.literal('end'),
  sequence,
  atSeconds: seconds,
  reason: z.enum(['complete', 'interrupted', 'failed']),
  message: z.string().nullable(),
});

const entrySchema = z.discriminatedUnion('kind', [runEntry, lifeEntry, checkpointEntry, endEntry]);

export type RunEntry = z.output<typeof runEntry>;
export type LifeEntry = z.output<typeof lifeEntry>;
export type CheckpointEntry = z.output<typeof checkpointEntry>;
export type ArmCheckpoint = z.output<typeof armCheckpoint>;
export type GaugeSample = z.output<typeof sample>;
export type PhaseMark = z.output<typeof phase>;
export type EndEntry = z.output<typeof endEntry>;
export type Entry = z.output<typeof entrySchema>;

const LINE = /^\{"crc32":"([0-9a-f]{8})","entry":(.*)\}$/s;

export function encodeLine(entry: Entry): string {
  const text = JSON.stringify(entry);
  return `{"crc32":"${checksumOf(text)}","entry":${text}}\n`;
}

/** @returns the entry, or what is wrong with the line, for a sentence that already names file and line */
export function decodeLine(line: string): Entry | string {
  const match = LINE.exec(line);
  if (match === null) return 'it is no checkpoint line';
  const [, checksum, text] = match;
  if (checksumOf(text) !== checksum) return 'its checksum does not fit: it was changed after it was written';
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return `it is not JSON (${(error as Error).message})`;
  }
  const { schema } = parsed as { schema?: unknown };
  if (schema !== undefined && schema !== CHECKPOINT_SCHEMA) {
    return `it has version ${JSON.stringify(schema)}, this build reads ${CHECKPOINT_SCHEMA}`;
  }
  const result = entrySchema.safeParse(parsed);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  return `${issue.path.join('.') || 'the entry'}: ${issue.message}`;
}

function checksumOf(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
