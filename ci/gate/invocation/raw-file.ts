import { closeSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { z } from 'zod';
import { METRIC_NAMES } from '../../../scenarios/harness/metrics.js';
import { GATED_KINDS } from './gated-metrics.js';
import { type InvocationLine, invocationSchema } from './invocation-record.js';

/**
 * The raw invocations of a gate, or of a bank of many: NDJSON, one header for each stretch of measuring and then its
 * invocations. A line is on the disk before the next one is measured, so that a gate which is killed loses no more
 * than what it was doing; the line it was writing is left out by the reader and cut off by the next writer.
 */
export const RAW_SCHEMA = 'msgtrans.gate-raw/1';

const metricSchema = z.object({
  case: z.string(),
  metric: z.enum(METRIC_NAMES),
  kind: z.enum(GATED_KINDS),
  limitPercent: z.number().positive(),
});
const buildSchema = z.object({ commit: z.string().nullable(), dirty: z.boolean() });
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
  machine: z.object({
    fingerprint: z.string(),
    cpuModel: z.string(),
    cores: z.number(),
    kernel: z.string(),
    node: z.string(),
    aluNoisePercent: z.number(),
  }),
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

export class RawFile {
  readonly path: string;
  readonly #descriptor: number;

  /** Opens for appending; what a killed writer left of a line is cut off. */
  constructor(path: string) {
    this.path = path;
    const whole = wholeBytes(path);
    if (whole !== null) truncateSync(path, whole);
    this.#descriptor = openSync(path, 'a', 0o644);
  }

  append(line: RawLine): void {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`, 'utf8');
    for (let offset = 0; offset < bytes.length; ) offset += writeSync(this.#descriptor, bytes, offset);
    fsyncSync(this.#descriptor);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** Throws `RawFileError` naming file and line. */
export function readRawFile(path: string): RawLine[] {
  return parseRawLines(readFileSync(path, 'utf8'), path);
}

export function parseRawLines(text: string, path: string): RawLine[] {
  // What follows the last newline was never finished.
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.flatMap((line, index): RawLine[] => {
    if (line === '') return [];
    const refuse = (what: string): never => {
      throw new RawFileError(`${path}:${index + 1}: ${what}; the lines before it are whole`);
    };
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return refuse('is no JSON');
    }
    const result = lineSchema.safeParse(value);
    if (result.success) return [result.data];
    const [issue] = result.error.issues;
    return refuse(`is malformed at ${issue.path.join('.') || 'its top'}: ${issue.message}`);
  });
}

/** Bytes up to and with the last newline; null when there is no file. */
function wholeBytes(path: string): number | null {
  try {
    return readFileSync(path).lastIndexOf(0x0a) + 1;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
