import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { throwIfInterrupted } from './interruption.js';

/**
 * Two measuring runs at once would measure each other. One lock for the machine, by file in the temporary folder.
 *
 * A lock is taken by linking a whole file to its path, which one of many wins. It is given back by its holder alone, by
 * unlinking it. The lock of a holder that has ended is replaced by rename, and only by who holds the lock of that lock
 * (`<path>.takeover`, taken in the same way) and has read, holding it, that the dead one's is still there. So a contender
 * that was suspended between reading and replacing finds that it came too late, and no lock is ever out of its place.
 */
export interface LockHolder {
  pid: number;
  /** Start time of the process in clock ticks since boot: tells a holder from a later process with its number. */
  startTicks: number;
  bootId: string;
  purpose: string;
  since: string;
  /** How long this holder may take: those that wait have the patience. None said: `LOCK_WAIT_MS_MAX`. */
  heldMsMax?: number;
  /** Tells two locks of one process from each other. */
  token: string;
}

export interface LockOptions {
  purpose: string;
  signal: AbortSignal;
  /** Called once for each holder that is waited for. */
  onWait: (holder: LockHolder) => void;
  path?: string;
  /** Told to those that wait. */
  heldMsMax?: number;
  /** Default: as long as the holder says, and `LOCK_WAIT_MS_MAX` at least. */
  waitMsMax?: number;
  pollMs?: number;
}

export class LockTimeoutError extends Error {
  readonly code = 'ERR_SCENARIO_LOCKED';
  readonly holder: LockHolder;

  constructor(message: string, holder: LockHolder) {
    super(message);
    this.holder = holder;
  }
}

export const LOCK_WAIT_MS_MAX = 15 * 60_000;

export function lockPath(): string {
  return join(tmpdir(), 'msgtrans-measuring.lock');
}

/** Resolves with the release function. Throws `LockTimeoutError` naming the holder, or `InterruptedError`. */
export async function acquireLock(options: LockOptions): Promise<() => void> {
  const path = options.path ?? lockPath();
  const own = JSON.stringify(describeSelf(options));
  const startMs = performance.now();
  let announced = '';
  for (;;) {
    throwIfInterrupted(options.signal);
    const holder = tryLock(path, own);
    if (holder === null) return releaseOnce(path, own);
    if (announced !== holder.token) {
      announced = holder.token;
      options.onWait(holder);
    }
    const waitMsMax = patienceMs(options, holder);
    if (performance.now() - startMs >= waitMsMax) {
      const minutes = (waitMsMax / 60_000).toFixed(0);
      throw new LockTimeoutError(
        `${describeHolder(holder)} has been measuring on this machine for more than ${minutes} minutes; ` +
          'wait for it or end it, then start again',
        holder,
      );
    }
    await pause(options.pollMs ?? 500, options.signal);
  }
}

/** How long this one waits for that holder. A lock that an older build wrote says nothing. */
export function patienceMs({ waitMsMax }: Pick<LockOptions, 'waitMsMax'>, { heldMsMax }: LockHolder): number {
  return waitMsMax ?? Math.max(LOCK_WAIT_MS_MAX, heldMsMax ?? 0);
}

function releaseOnce(path: string, own: string): () => void {
  let held = true;
  const release = (): void => {
    if (!held) return;
    held = false;
    process.off('exit', release);
    unlock(path, own);
  };
  process.on('exit', release);
  return release;
}

export function describeHolder(holder: LockHolder): string {
  return `${holder.purpose} (process ${holder.pid}, since ${holder.since})`;
}

/** Null when it is ours now, else who holds it, or holds the right to take it over. */
function tryLock(path: string, own: string): LockHolder | null {
  for (;;) {
    if (create(path, own)) return null;
    const text = readLock(path);
    if (text === null) continue;
    const holder = parseHolder(text);
    if (holder !== null && isAlive(holder)) return holder;
    const takeover = `${path}.takeover`;
    const other = tryLock(takeover, own);
    if (other !== null) return other;
    try {
      // Only who holds the takeover replaces the lock of a dead holder, so what is read now stays.
      if (readLock(path) !== text) continue;
      replace(path, own);
      return null;
    } finally {
      unlock(takeover, own);
    }
  }
}

/** The link appears with its content, so nobody ever reads half a lock. */
function create(path: string, content: string): boolean {
  return withFile(path, content, (temporary) => {
    try {
      linkSync(temporary, path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  });
}

function replace(path: string, content: string): void {
  withFile(path, content, (temporary) => {
    try {
      renameSync(temporary, path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new Error(`the lock ${path} cannot be taken over (${code}): remove it by hand`, { cause: error });
    }
  });
}

function withFile<Result>(path: string, content: string, use: (temporary: string) => Result): Result {
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    writeFileSync(temporary, content, { flag: 'wx', mode: 0o644 });
    return use(temporary);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Nobody takes what a living holder has, so it is still there; unless it was removed by hand, and is another's now. */
function unlock(path: string, own: string): void {
  if (readLock(path) === own) rmSync(path, { force: true });
}

function readLock(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function parseHolder(text: string): LockHolder | null {
  try {
    const holder = JSON.parse(text) as LockHolder;
    const complete = Number.isSafeInteger(holder.pid) && holder.pid > 0 && typeof holder.purpose === 'string';
    return complete ? holder : null;
  } catch {
    return null;
  }
}

function describeSelf({ purpose, heldMsMax }: LockOptions): LockHolder {
  return {
    pid: process.pid,
    startTicks: startTicksOf(process.pid) ?? 0,
    bootId: bootId(),
    purpose,
    since: new Date().toISOString(),
    heldMsMax,
    token: randomBytes(8).toString('hex'),
  };
}

function isAlive(holder: LockHolder): boolean {
  return holder.bootId === bootId() && startTicksOf(holder.pid) === holder.startTicks;
}

/** Field 22 of /proc/<pid>/stat; the name in field 2 may hold spaces and brackets, so counting starts behind it. */
function startTicksOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : Number(fields[19]);
  } catch {
    return null;
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done);
  });
}
