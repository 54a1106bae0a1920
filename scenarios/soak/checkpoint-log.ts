import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKPOINT_SCHEMA, decodeLine, type Entry, encodeLine, type RunEntry } from './checkpoint-entry.js';

/** What is wrong with a run's checkpoints; the message names file and line. */
export class CheckpointError extends Error {
  readonly code = 'ERR_SOAK_CHECKPOINT';
}

export const CHECKPOINT_FOLDER = 'checkpoints';
/** Four hours of minutes: small enough to read at once, few enough files in a week. */
export const SEGMENT_ENTRIES_MAX = 240;

export function segmentName(segment: number): string {
  return `segment-${String(segment).padStart(5, '0')}.ndjson`;
}

type WithoutPlace<Item> = Item extends Entry ? Omit<Item, 'sequence'> : never;
/** An entry before it has its place in the run. */
export type NewEntry = WithoutPlace<Exclude<Entry, { kind: 'run' }>>;
/** What every segment says about the run. */
export type RunFacts = Omit<RunEntry, 'sequence' | 'segment' | 'kind' | 'schema'>;

/**
 * Appends entries to segments, each on the disk before `append` returns: what was written survives SIGKILL and a power
 * cut. A segment that is full is closed for good and the next one begun.
 */
export class CheckpointLog {
  readonly #folder: string;
  readonly #facts: RunFacts;
  #segment: number;
  #sequence: number;
  #descriptor: number | undefined;
  #path = '';
  #bytes = 0;
  #entries = 0;

  /** @param segment the first to write; @param sequence of its first entry */
  constructor(runFolder: string, facts: RunFacts, segment = 1, sequence = 0) {
    this.#folder = join(runFolder, CHECKPOINT_FOLDER);
    this.#facts = facts;
    this.#segment = segment;
    this.#sequence = sequence;
    mkdirSync(this.#folder, { recursive: true });
  }

  /** @throws CheckpointError naming the file; it then ends with the entry before, whole. */
  append(entry: NewEntry): Entry {
    if (this.#descriptor === undefined || this.#entries >= SEGMENT_ENTRIES_MAX) this.#beginSegment();
    const placed = { ...entry, sequence: this.#sequence } as Entry;
    this.#write(placed);
    this.#entries += 1;
    return placed;
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #beginSegment(): void {
    this.close();
    this.#path = join(this.#folder, segmentName(this.#segment));
    this.#guard(() => {
      this.#descriptor = openSync(this.#path, 'wx', 0o644);
    });
    this.#bytes = 0;
    this.#entries = 0;
    this.#write({
      kind: 'run',
      schema: CHECKPOINT_SCHEMA,
      sequence: this.#sequence,
      segment: this.#segment,
      ...this.#facts,
    } as Entry);
    this.#segment += 1;
    this.#guard(() => syncFolder(this.#folder));
  }

  #write(entry: Entry): void {
    const line = encodeLine(entry);
    // What could not be read back must not be written: it would be found when it is needed.
    const problem = decodeLine(line.trimEnd());
    if (typeof problem === 'string') throw new CheckpointError(`checkpoint ${this.#sequence}: ${problem}`);
    const bytes = Buffer.from(line, 'utf8');
    const descriptor = this.#descriptor as number;
    this.#guard(() => {
      try {
        for (let offset = 0; offset < bytes.length; ) offset += writeSync(descriptor, bytes, offset);
        fsyncSync(descriptor);
      } catch (error) {
        // Half a line would be cut off when the run is resumed; better not to leave one.
        ftruncateSync(descriptor, this.#bytes);
        throw error;
      }
    });
    this.#bytes += bytes.length;
    this.#sequence += 1;
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? String(error);
      throw new CheckpointError(
        `${this.#path} could not be written (${reason}); the checkpoints before it are kept, and --resume goes on from there`,
        { cause: error },
      );
    }
  }
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
