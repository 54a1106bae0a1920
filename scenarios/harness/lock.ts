import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { throwIfInterrupted } from './interruption.js';

/** Two measuring runs at once would measure each other. One lock for the machine, by file in the temporary folder. */
export interface LockHolder {
  pid: number;
  /** Start time of the process in clock ticks since boot: tells a holder from a later process with its number. */
  startTicks: number;
  bootId: string;
  purpose: string;
  since: string;
}

export interface LockOptions {
  purpose: string;
  signal: AbortSignal;
  /** Called once for each holder that is waited for. */
  onWait: (holder: LockHolder) => void;
  path?: string;
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
  const waitMsMax = options.waitMsMax ?? LOCK_WAIT_MS_MAX;
  const own = JSON.stringify(describeSelf(options.purpose));
  const startMs = performance.now();
  let announced = '';
  for (;;) {
    throwIfInterrupted(options.signal);
    if (tryCreate(path, own)) {
      let held = true;
      const release = (): void => {
        if (!held) return;
        held = false;
        process.off('exit', release);
        removeIfSame(path, own);
      };
      process.on('exit', release);
      return release;
    }
    const text = readLock(path);
    if (text === null) continue;
    const holder = parseHolder(text);
    if (holder === null || !isAlive(holder)) {
      removeIfSame(path, text);
      continue;
    }
    if (announced !== text) {
      announced = text;
      options.onWait(holder);
    }
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

export function describeHolder(holder: LockHolder): string {
  return `${holder.purpose} (process ${holder.pid}, since ${holder.since})`;
}

/** The link appears with its content, so nobody ever reads half a lock. */
function tryCreate(path: string, content: string): boolean {
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    writeFileSync(temporary, content, { flag: 'wx', mode: 0o644 });
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/**
 * Takes the file away by renaming it, and only then looks whether it was the one that was meant: between reading a
 * dead holder's lock and removing it, another waiter may have put its own there. That one is put back.
 */
function removeIfSame(path: string, expected: string): void {
  const aside = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.aside`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw new Error(
      `the lock ${path} cannot be taken over (${(error as NodeJS.ErrnoException).code}): remove it by hand`,
    );
  }
  try {
    if (readFileSync(aside, 'utf8') !== expected) linkSync(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
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

function describeSelf(purpose: string): LockHolder {
  return {
    pid: process.pid,
    startTicks: startTicksOf(process.pid) ?? 0,
    bootId: bootId(),
    purpose,
    since: new Date().toISOString(),
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
