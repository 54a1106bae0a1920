import { readdirSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { basename, join } from 'node:path';
import { decodeLine, type Entry, type RunEntry } from './checkpoint-entry.js';
import { CHECKPOINT_FOLDER, CheckpointError, segmentName } from './checkpoint-log.js';

const NEWLINE = 0x0a;
/** A segment holds 240 minutes of a few kilobytes each. */
const SEGMENT_BYTES_MAX = 64 * 1024 * 1024;

export interface ReadCheckpoints {
  /** What the first segment says about the run. */
  run: RunEntry;
  /** Where the next segment goes on. */
  nextSegment: number;
  nextSequence: number;
  /** The last line had no end: the run was killed while it wrote it. Null when it was whole. */
  torn: { path: string; keptBytes: number } | null;
}

/**
 * Reads a run's checkpoints in order, one segment in memory at a time.
 * @param take called with every entry but the first of each segment
 * @throws CheckpointError for a line that is not what was written, a foreign segment, a missing one; only half a line at
 *   the very end is what a kill leaves, and is told instead
 */
export function readCheckpoints(runFolder: string, take: (entry: Entry) => void): ReadCheckpoints {
  const folder = join(runFolder, CHECKPOINT_FOLDER);
  const names = segmentNames(folder);
  if (names.length === 0)
    throw new CheckpointError(`${folder} holds no checkpoints: there is nothing to go on from`);
  let run: RunEntry | null = null;
  let nextSequence = 0;
  let torn: ReadCheckpoints['torn'] = null;
  for (const [index, name] of names.entries()) {
    const path = join(folder, name);
    if (name !== segmentName(index + 1)) {
      throw new CheckpointError(
        `${join(folder, segmentName(index + 1))} is missing; ${name} follows where it should be`,
      );
    }
    const { lines, keptBytes, isTorn } = readLines(path);
    const fail = (line: number, why: string): never => {
      throw new CheckpointError(`${path}:${line + 1}: ${why}`);
    };
    for (const [line, text] of lines.entries()) {
      const entry = decodeLine(text);
      if (typeof entry === 'string') return fail(line, entry);
      if (entry.sequence !== nextSequence) {
        fail(line, `it is entry ${entry.sequence} of its run where ${nextSequence} is due`);
      }
      nextSequence += 1;
      if (line > 0) {
        if (entry.kind === 'run') fail(line, 'a segment begins once');
        take(entry);
        continue;
      }
      if (entry.kind !== 'run') return fail(line, 'a segment begins with what run it belongs to');
      if (entry.segment !== index + 1) fail(line, `it is segment ${entry.segment} of its run`);
      if (run !== null && entry.run !== run.run) fail(line, `it belongs to another run (${entry.run})`);
      run ??= entry;
    }
    if (isTorn && index < names.length - 1) fail(lines.length, 'the line has no end');
    if (isTorn) torn = { path, keptBytes };
  }
  if (run === null)
    throw new CheckpointError(`${join(folder, names[0])}:1: the run was killed before its first line`);
  return { run, nextSegment: names.length + 1, nextSequence, torn };
}

/** Cuts off the half line that a kill has left. */
export function repair({ torn }: ReadCheckpoints): void {
  if (torn !== null) truncateSync(torn.path, torn.keptBytes);
}

function segmentNames(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^segment-\d{5}\.ndjson$/.test(name))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Whole lines; `keptBytes` is where they end. Looked for in bytes: half a character has no length as text. */
function readLines(path: string): { lines: string[]; keptBytes: number; isTorn: boolean } {
  const { size } = statSync(path);
  if (size > SEGMENT_BYTES_MAX) {
    throw new CheckpointError(
      `${path}: ${size} bytes; ${basename(path)} is no segment of ours, which end far below`,
    );
  }
  const content = readFileSync(path);
  const keptBytes = content.lastIndexOf(NEWLINE) + 1;
  const lines = content.toString('utf8', 0, keptBytes).split('\n');
  lines.pop();
  return { lines, keptBytes, isTorn: keptBytes < content.length };
}
