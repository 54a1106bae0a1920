import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Entry, encodeLine } from './checkpoint-entry.js';
import {
  CHECKPOINT_FOLDER,
  CheckpointError,
  CheckpointLog,
  type NewEntry,
  SEGMENT_ENTRIES_MAX,
} from './checkpoint-log.js';
import { readCheckpoints, repair } from './checkpoint-reader.js';
import { armCheckpoint, runFacts } from './testing/sample-checkpoints.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-checkpoints-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const LIFE: NewEntry = { kind: 'life', life: 0, atSeconds: 0, startedAt: '2026-01-01T00:00:00.000Z' };

function checkpoint(atSeconds: number): NewEntry {
  return {
    kind: 'checkpoint',
    life: 0,
    atSeconds,
    seconds: 60,
    writtenAt: '2026-01-01T00:01:00.000Z',
    phases: [],
    stealPercent: 0.5,
    psiCpuSome: null,
    arms: { native: armCheckpoint() },
  };
}

function write(entries: readonly NewEntry[], log = new CheckpointLog(folder, runFacts())): void {
  for (const entry of entries) log.append(entry);
  log.close();
}

function read(): { entries: Entry[]; result: ReturnType<typeof readCheckpoints> } {
  const entries: Entry[] = [];
  const result = readCheckpoints(folder, (entry) => entries.push(entry));
  return { entries, result };
}

const pathOf = (segment: number) =>
  join(folder, CHECKPOINT_FOLDER, `segment-${String(segment).padStart(5, '0')}.ndjson`);

/** The message of the error with which reading fails; the folder's name is cut off. */
function problem(): string {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(CheckpointError);
    expect((error as CheckpointError).code).toBe('ERR_SOAK_CHECKPOINT');
    return (error as Error).message.replaceAll(folder, '');
  }
  throw new Error('nothing was wrong');
}

/** Puts a line in the place of another, with a checksum that fits. */
function replace(segment: number, line: number, change: (entry: Record<string, unknown>) => void): void {
  const lines = readFileSync(pathOf(segment), 'utf8').split('\n');
  const { entry } = JSON.parse(lines[line]) as { entry: Record<string, unknown> };
  change(entry);
  lines[line] = encodeLine(entry as unknown as Entry).trimEnd();
  writeFileSync(pathOf(segment), lines.join('\n'));
}

describe('what was written', () => {
  it('comes back as it was', () => {
    write([LIFE, checkpoint(60), checkpoint(120)]);
    const { entries, result } = read();
    expect(entries).toMatchObject([LIFE, checkpoint(60), checkpoint(120)]);
    expect(result).toMatchObject({ run: runFacts(), nextSegment: 2, nextSequence: 4, torn: null });
  });

  it('lies in segments that end, and a resumed run begins one of its own', () => {
    const many = Array.from({ length: SEGMENT_ENTRIES_MAX + 5 }, (_, minute) => checkpoint(60 * minute));
    write([LIFE, ...many]);
    const first = read().result;
    expect(first.nextSegment).toBe(3);
    write([checkpoint(99_999)], new CheckpointLog(folder, runFacts(), first.nextSegment, first.nextSequence));
    const { entries } = read();
    expect(entries).toHaveLength(many.length + 2);
    expect(readdirSync(join(folder, CHECKPOINT_FOLDER))).toHaveLength(3);
  });

  it('is refused before it is written when it could not be read back', () => {
    const log = new CheckpointLog(folder, runFacts());
    log.append(LIFE);
    expect(() => log.append({ ...checkpoint(60), stealPercent: Number.NaN } as NewEntry)).toThrow(
      /stealPercent/,
    );
    log.append(checkpoint(60));
    log.close();
    expect(read().entries).toHaveLength(2);
  });
});

describe('a kill', () => {
  it('may leave half a line at any byte, which is cut off', () => {
    write([LIFE, checkpoint(60), checkpoint(120)]);
    const whole = readFileSync(pathOf(1), 'utf8');
    const last = whole.trimEnd().lastIndexOf('\n') + 1;
    for (let bytes = last + 1; bytes < whole.length; bytes += 37) {
      writeFileSync(pathOf(1), whole.slice(0, bytes));
      const { entries, result } = read();
      expect(entries).toHaveLength(2);
      repair(result);
      expect(readFileSync(pathOf(1), 'utf8')).toBe(whole.slice(0, last));
      expect(read().result).toMatchObject({ torn: null, nextSequence: 3 });
    }
  });

  it('may cut a character in two, and takes no more with it', () => {
    write([LIFE, { kind: 'end', atSeconds: 1, reason: 'failed', message: 'é'.repeat(20) }]);
    const whole = readFileSync(pathOf(1));
    const last = whole.lastIndexOf('\n', whole.length - 2) + 1;
    writeFileSync(pathOf(1), whole.subarray(0, whole.indexOf('é') + 1));
    repair(read().result);
    expect(readFileSync(pathOf(1))).toEqual(whole.subarray(0, last));
  });

  it('in the middle of an earlier segment is no kill, and is refused', () => {
    write([LIFE]);
    write([checkpoint(60)], new CheckpointLog(folder, runFacts(), 2, 2));
    writeFileSync(pathOf(1), readFileSync(pathOf(1), 'utf8').slice(0, -9));
    expect(problem()).toBe('/checkpoints/segment-00001.ndjson:2: the line has no end');
  });
});

describe('anything else that is wrong is refused with file and line', () => {
  beforeEach(() => write([LIFE, checkpoint(60), checkpoint(120)]));
  const at = (line: number) => `/checkpoints/segment-00001.ndjson:${line}: `;

  it('a changed byte', () => {
    const text = readFileSync(pathOf(1), 'utf8');
    writeFileSync(pathOf(1), text.replace('"atSeconds":60', '"atSeconds":61'));
    expect(problem()).toBe(`${at(3)}its checksum does not fit: it was changed after it was written`);
  });

  it('another version', () => {
    replace(1, 0, (entry) => {
      entry.schema = 'msgtrans.checkpoints/2';
    });
    expect(problem()).toMatch(/ndjson:1: it has version "msgtrans.checkpoints\/2", this build reads/);
  });

  it('a number that is none', () => {
    replace(1, 2, (entry) => {
      // What JSON makes of NaN.
      entry.seconds = null;
    });
    expect(problem()).toMatch(/ndjson:3: seconds: /);
    const text = readFileSync(pathOf(1), 'utf8').split('\n');
    text[2] = text[2].replace('"seconds":null', '"seconds":NaN');
    writeFileSync(pathOf(1), text.join('\n'));
    expect(problem()).toMatch(/ndjson:3: its checksum does not fit/);
  });

  it('a line of something else, an empty one, one that is gone', () => {
    const text = readFileSync(pathOf(1), 'utf8');
    writeFileSync(pathOf(1), `${text}hello\n`);
    expect(problem()).toBe(`${at(5)}it is no checkpoint line`);
    writeFileSync(pathOf(1), text.replace('\n', '\n\n'));
    expect(problem()).toBe(`${at(2)}it is no checkpoint line`);
    const lines = text.split('\n');
    writeFileSync(pathOf(1), [lines[0], ...lines.slice(2)].join('\n'));
    expect(problem()).toBe(`${at(2)}it is entry 2 of its run where 1 is due`);
  });

  it('a segment of another run, one that is missing, none', () => {
    write([checkpoint(180)], new CheckpointLog(folder, { ...runFacts(), run: 'another' }, 2, 4));
    expect(problem()).toBe('/checkpoints/segment-00002.ndjson:1: it belongs to another run (another)');
    rmSync(pathOf(1));
    expect(problem()).toMatch(/segment-00001.ndjson is missing; segment-00002.ndjson follows/);
    rmSync(pathOf(2));
    expect(problem()).toMatch(/holds no checkpoints: there is nothing to go on from/);
  });

  it('a segment that begins in the middle, or twice', () => {
    const lines = readFileSync(pathOf(1), 'utf8').split('\n');
    appendFileSync(pathOf(1), encodeLine({ ...JSON.parse(lines[0]).entry, sequence: 4 }));
    expect(problem()).toBe(`${at(5)}a segment begins once`);
    writeFileSync(pathOf(1), encodeLine({ ...JSON.parse(lines[1]).entry, sequence: 0 }));
    expect(problem()).toBe(`${at(1)}a segment begins with what run it belongs to`);
  });
});

const canMount = spawnSync('unshare', ['-rm', 'true']).status === 0;

describe('the log', () => {
  it.skipIf(!canMount)('keeps every checkpoint whole when the disk is full, and fails', () => {
    const program = join(
      import.meta.dirname,
      '..',
      '..',
      'dist',
      'scenarios',
      'soak',
      'testing',
      'full-disk.js',
    );
    const script = `mount -t tmpfs -o size=64k none ${folder} && ${process.execPath} ${program} ${folder}`;
    const { stdout, status, stderr } = spawnSync('unshare', ['-rm', 'sh', '-c', script], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const { message, written, readBack, torn } = JSON.parse(stdout);
    expect(message).toMatch(
      /segment-00001.ndjson could not be written \(ENOSPC\); the checkpoints before it are kept/,
    );
    expect(written).toBeGreaterThan(5);
    expect([readBack, torn]).toEqual([written, null]);
  });
});
