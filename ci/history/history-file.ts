import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { acquireLock, describeHolder, LockTimeoutError } from '../../scenarios/harness/lock.js';
import { HistoryError } from './history-error.js';
import { formatHistory, type HistoryLine, parseHistory } from './history-line.js';

/** The file of the history lies among the runs: what one machine measured is nobody else's, and not for git. */
export function gateHistoryPath(runs: string): string {
  return join(runs, 'history.ndjson');
}

/**
 * No lines where there is no file yet.
 *
 * @throws HistoryError
 */
export function readHistoryFile(path: string): HistoryLine[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    throw new HistoryError('ERR_HISTORY_READ', `${path} cannot be read (${code})`, { cause: error });
  }
  return parseHistory(text, path);
}

/** Adding takes milliseconds; who is still at it after this has hung. */
const LOCK_WAIT_MS_MAX = 30_000;
const POLL_MS = 20;

/**
 * Adds the lines of one gate, all or none: in one write at the end of the file, on the disk before this returns. What a
 * writer that was killed left of a line is cut off first; the lock keeps one gate from cutting what another one is writing.
 *
 * @throws HistoryError `ERR_HISTORY_WRITE`
 */
export async function appendHistory(path: string, lines: readonly HistoryLine[]): Promise<void> {
  let release: (() => void) | null = null;
  try {
    // A figure that could not be read again is no reason to keep the verdict from being told.
    const bytes = Buffer.from(formatHistory(lines), 'utf8');
    mkdirSync(dirname(path), { recursive: true });
    release = await acquireLock({
      ...{
        purpose: 'adding to the history',
        path: `${path}.lock`,
        pollMs: POLL_MS,
        waitMsMax: LOCK_WAIT_MS_MAX,
      },
      signal: new AbortController().signal,
      onWait: () => {},
    });
    append(path, bytes);
  } catch (error) {
    const reason =
      error instanceof LockTimeoutError
        ? `it is kept locked by ${describeHolder(error.holder)}; end that process`
        : ((error as NodeJS.ErrnoException).code ?? String(error));
    throw new HistoryError(
      'ERR_HISTORY_WRITE',
      `${path} could not be added to (${reason}); the lines before are unchanged, and the verdict of this gate is not among them`,
      { cause: error },
    );
  } finally {
    release?.();
  }
}

function append(path: string, bytes: Buffer): void {
  const descriptor = openSync(path, 'a+', 0o644);
  try {
    const whole = readFileSync(descriptor).lastIndexOf(0x0a) + 1;
    ftruncateSync(descriptor, whole);
    try {
      // A disk that is nearly full takes a part of it.
      for (let offset = 0; offset < bytes.length; ) offset += writeSync(descriptor, bytes, offset);
      fsyncSync(descriptor);
    } catch (error) {
      ftruncateSync(descriptor, whole);
      throw error;
    }
  } finally {
    closeSync(descriptor);
  }
}
