import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { InterruptedError } from './interruption.js';
import {
  acquireLock,
  describeHolder,
  LOCK_WAIT_MS_MAX,
  type LockHolder,
  type LockOptions,
  LockTimeoutError,
  patienceMs,
} from './lock.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-lock-'));
  path = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

function acquire(more: Partial<LockOptions> = {}): Promise<() => void> {
  return acquireLock({
    purpose: 'test',
    signal: new AbortController().signal,
    onWait: () => {},
    path,
    pollMs: 5,
    ...more,
  });
}

describe('the measuring lock', () => {
  it('is held until released, and leaves nothing behind', async () => {
    const release = await acquire();
    expect(existsSync(path)).toBe(true);
    release();
    expect(readdirSync(folder)).toEqual([]);
    (await acquire())();
  });

  it('makes a second run wait, saying for whom, and go on afterwards', async () => {
    const release = await acquire({ purpose: 'scenario first' });
    const waits: LockHolder[] = [];
    const second = acquire({ onWait: (holder) => waits.push(holder) });
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(waits).toHaveLength(1);
    expect(describeHolder(waits[0])).toMatch(new RegExp(`scenario first \\(process ${process.pid}, since`));
    release();
    (await second)();
  });

  it('gives up after the longest wait, naming the holder', async () => {
    const release = await acquire({ purpose: 'scenario first' });
    await expect(acquire({ waitMsMax: 20 })).rejects.toThrow(LockTimeoutError);
    await expect(acquire({ waitMsMax: 20 })).rejects.toThrow(/scenario first \(process \d+/);
    release();
  });

  it('ends the wait on an interruption', async () => {
    const release = await acquire();
    const controller = new AbortController();
    const waiting = acquire({ signal: controller.signal, pollMs: 60_000 });
    setTimeout(() => controller.abort(), 10);
    await expect(waiting).rejects.toThrow(InterruptedError);
    release();
  });

  it('is taken over from a process that was killed', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    onTestFinished(() => void child.kill('SIGKILL'));
    await new Promise((resolve) => child.once('spawn', resolve));
    const release = await acquire();
    const holder = JSON.parse(readFileSync(path, 'utf8')) as LockHolder;
    release();
    const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
    const startTicks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    writeFileSync(path, JSON.stringify({ ...holder, pid: child.pid, startTicks }));
    await expect(acquire({ waitMsMax: 20 })).rejects.toThrow(LockTimeoutError);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    (await acquire({ waitMsMax: 2_000 }))();
  });

  it.each([
    ['a later process with the same number', { startTicks: 1 }],
    ['an earlier boot', { bootId: 'another' }],
  ])('is taken over from %s', async (_, change) => {
    const release = await acquire();
    const text = readFileSync(path, 'utf8');
    release();
    writeFileSync(path, JSON.stringify({ ...JSON.parse(text), ...change }));
    (await acquire({ waitMsMax: 100 }))();
  });

  it('is taken over when it cannot be read as one', async () => {
    writeFileSync(path, '{"pid":');
    (await acquire({ waitMsMax: 100 }))();
  });

  it('is never held twice by processes that contend for it, though every second one leaves it behind', async () => {
    const lock = join(import.meta.dirname, '..', '..', 'dist', 'scenarios', 'harness', 'lock.js');
    const contender = join(import.meta.dirname, 'testing', 'lock-contender.mjs');
    const ends = Array.from({ length: 5 }, () => {
      const child = spawn(process.execPath, [contender, lock, path, '40'], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      onTestFinished(() => void child.kill('SIGKILL'));
      let complaint = '';
      child.stderr.on('data', (text) => {
        complaint += text;
      });
      return new Promise((resolve) => child.once('close', (code) => resolve({ code, complaint })));
    });
    expect(await Promise.all(ends)).toEqual(ends.map(() => ({ code: 0, complaint: '' })));
    expect(readdirSync(folder).filter((name) => name !== 'lock')).toEqual([]);
  }, 60_000);

  it('is taken over though who was about to take it over has died as well', async () => {
    const release = await acquire();
    const dead = JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), startTicks: 1 });
    release();
    for (const left of [path, `${path}.takeover`, `${path}.takeover.takeover`]) writeFileSync(left, dead);
    (await acquire({ waitMsMax: 100 }))();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is waited for as long as its holder says that it may take, unless one waits for less', async () => {
    const release = await acquire({ heldMsMax: 45 * 60_000 });
    const holder = JSON.parse(readFileSync(path, 'utf8')) as LockHolder;
    expect(patienceMs({}, holder)).toBe(45 * 60_000);
    expect(patienceMs({ waitMsMax: 1_000 }, holder)).toBe(1_000);
    for (const heldMsMax of [1_000, undefined]) {
      expect(patienceMs({}, { ...holder, heldMsMax })).toBe(LOCK_WAIT_MS_MAX);
    }
    await expect(acquire({ waitMsMax: 20 })).rejects.toThrow(LockTimeoutError);
    release();
  });

  it('is never held twice when many want it at once, stale lock included', async () => {
    writeFileSync(path, 'broken');
    let holders = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const release = await acquire({ waitMsMax: 20_000, pollMs: 1 });
        most = Math.max(most, ++holders);
        await new Promise((resolve) => setTimeout(resolve, 2));
        holders--;
        release();
      }),
    );
    expect(most).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
  });
});
