import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ChildProgram } from '../faults/child-program.js';

/** Workers ended in each way; by hand up to 1 000. */
const ROUNDS = process.env.MSGTRANS_ROUNDS ?? '5';

const endOf = (way: string, ...args: string[]) =>
  new ChildProgram('../threads/process-ends-program', { args: [way, ...args] });

describe('a process whose transport runs on threads of its own', () => {
  it.each([
    ['exit', 7, null],
    ['exitInHandler', 7, null],
    ['uncaught', 1, null],
    ['uncaughtInHandler', 1, null],
    ['signal', null, 'SIGTERM'],
    ['listenersClosed', 0, null],
    ['unused', 0, null],
  ])('ends when it is %s, and does not crash', async (way, code, signal) => {
    await using program = endOf(way);
    const end = await program.ended;
    expect([end.code, end.signal]).toEqual([code, signal]);
    if (code === 1) expect(end.stderr).toContain('planned by the test');
    else expect(end.stderr).toBe('');
  });

  it('joins its threads when the transport closes, and removes the file of a unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'msgtrans-'));
    const path = join(folder, 'a.sock');
    await using program = endOf('closed', `unix://${path}`);
    expect(await program.next()).toEqual({ url: `unix://${path}` });
    expect(await program.next()).toEqual({ threadsLeft: 0 });
    expect(await program.ended).toEqual({ code: 0, signal: null, stderr: '' });
    expect(existsSync(path)).toBe(false);
    rmSync(folder, { recursive: true });
  });

  it('lives for as long as it listens', async () => {
    await using program = endOf('listening');
    await program.next();
    const outcome = await Promise.race([
      program.ended,
      new Promise((resolve) => setTimeout(() => resolve('alive'), 300)),
    ]);
    expect(outcome).toBe('alive');
  });
});

describe('Workers whose transports run on threads of their own', () => {
  it(`end in every way under traffic, ${ROUNDS} times each, and take their threads along`, async () => {
    await using program = new ChildProgram('../threads/worker-ends-program', { args: [ROUNDS] });
    const end = await program.ended;
    const ending = (exitCode: number) => [{ exitCode, closes: 3, threadsLeft: 0 }];
    expect(program.all()).toEqual([
      { way: 'terminate', endings: ending(1), leaks: false },
      { way: 'exit', endings: ending(3), leaks: false },
      { way: 'throw', endings: ending(1), leaks: false },
      { way: 'close', endings: ending(0), leaks: false },
    ]);
    expect(end).toEqual({ code: 0, signal: null, stderr: '' });
  }, 600_000);
});
