import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { METRIC_NAMES } from '../../../scenarios/harness/metrics.js';
import { GATED_KINDS } from './gated-metrics.js';
import { type InvocationLine, invocationSchema } from './invocation-record.js';
import { NdjsonFile, parseLines } from './ndjson-file.js';

/**
 * The raw invocations of a gate: NDJSON, a header and then the invocations. A line is on the disk before the next one is
 * measured, so that a gate which is killed loses no more than what it was doing.
 */
export const RAW_SCHEMA = 'msgtrans.gate-raw/1';

const metricSchema = z.object({
  case: z.string(),
  metric: z.enum(METRIC_NAMES),
  kind: z.enum(GATED_KINDS),
  limitPercent: z.number().positive(),
});
export const buildSchema = z.object({ commit: z.string().nullable(), dirty: z.boolean() });
export const machineSchema = z.object({
  fingerprint: z.string(),
  cpuModel: z.string(),
  cores: z.number(),
  kernel: z.string(),
  node: z.string(),
  aluNoisePercent: z.number(),
});
const headerSchema = z.object({
  kind: z.literal('header'),
  schema: z.literal(RAW_SCHEMA),
  startedAt: z.string(),
  seed: z.int().min(0),
  /** What is gated, and how many blocks an invocation was to have. */
  metrics: z.array(metricSchema).min(1),
  blocks: z.int().positive(),
  /** Why the machine cannot keep the promise, from before the first invocation. */
  objections: z.array(z.string()),
  base: buildSchema.extend({ why: z.string() }),
  candidate: buildSchema,
  /** What both were built and are run with; absent in lines from before it was kept. */
  toolchain: z.string().optional(),
  machine: machineSchema,
});

/** Why a stretch of measuring ended before it was decided. A gate that was killed has none. */
const endSchema = z.object({ kind: z.literal('end'), why: z.enum(['budget', 'interrupted', 'disturbed']) });

export type HeaderLine = z.output<typeof headerSchema>;
export type EndLine = z.output<typeof endSchema>;
export type RawLine = HeaderLine | InvocationLine | EndLine;

const lineSchema = z.discriminatedUnion('kind', [headerSchema, invocationSchema, endSchema]);

export class RawFileError extends Error {
  readonly code = 'ERR_GATE_RAW_FILE';
}

export class RawFile extends NdjsonFile<RawLine> {}

/** Throws `RawFileError` naming file and line. */
export function readRawFile(path: string): RawLine[] {
  return parseRawLines(readFileSync(path, 'utf8'), path);
}

export function parseRawLines(text: string, path: string): RawLine[] {
  return parseLines(
    text,
    lineSchema,
    (line, what) => new RawFileError(`${path}:${line}: ${what}; the lines before it are whole`),
  );
}
