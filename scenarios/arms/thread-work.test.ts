import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type ArmProcess, Children } from '../harness/arm-process.js';
import { allowedProcessors } from '../harness/machine.js';
import type { WorkWindow } from '../harness/scaling/thread-work.js';
import { windowOf } from './thread-work/echo-pairs.js';

/** The process of `load: threads` as it is built: real threads, real loops, tiny windows. How fast is nobody's concern. */

const PROGRAM = join(import.meta.dirname, '..', '..', 'dist', 'scenarios', 'arms', 'thread-work.js');
const children = new Children();
afterEach(() => children.stopAll());

async function start(): Promise<ArmProcess> {
  const process_ = children.start('threads', { command: process.execPath, args: [PROGRAM] });
  await process_.hello();
  return process_;
}

/** More places than a small machine has processors: threads then share them, which only the figures mind. */
function places(count: number): number[] {
  const processors = allowedProcessors();
  return Array.from({ length: count }, (_, index) => processors[index % processors.length]);
}

async function run(process_: ArmProcess, arms: string[]): Promise<WorkWindow[]> {
  const windows = arms.flatMap((arm) =>
    [1, 2, 1].map((threads) => ({ arm, threads, discardNs: 0.5e6, measureNs: 2e6 })),
  );
  return (await process_.command('run', { windows }, 60_000)).windows as WorkWindow[];
}

describe('the process of threads', () => {
  it.each([
    ['lookup', ['native', 'baseline']],
    ['map', ['native', 'baseline']],
    ['mem-echo', ['native']],
    ['sockets', ['native']],
  ])('does %s on one thread and on two, every result accounted for', async (work, arms) => {
    const process_ = await start();
    const request = { work, arms, threadsMax: 2, processors: places(5) };
    expect(await process_.command('prepare', request, 60_000)).toMatchObject({ absentArms: {} });
    const windows = await run(process_, [...arms, 'alu']);
    expect(windows).toHaveLength(3 * (arms.length + 1));
    for (const { startNs, endNs, operations, cpuNs, ledger } of windows) {
      expect(operations).toBeGreaterThan(0);
      expect(endNs).toBeGreaterThan(startNs);
      expect(cpuNs).toBeGreaterThan(0);
      expect(ledger.sent).toBeGreaterThanOrEqual(operations);
      expect(ledger).toMatchObject({
        delivered: ledger.sent,
        lost: 0,
        duplicated: 0,
        reordered: 0,
        corrupted: 0,
      });
    }
    await process_.close();
    expect(process_.running).toBe(false);
  });

  it('pins both ends of a pair over mem:// to one processor, and has none for a pair too many', async () => {
    const process_ = await start();
    const request = { work: 'mem-echo', arms: ['native'], threadsMax: 2, processors: places(1) };
    await expect(process_.command('prepare', request, 60_000)).rejects.toThrow(
      /fewer processors than threads to pin/,
    );
    // It goes on: the failed pairs are gone, and others can be prepared.
    await process_.command('prepare', { ...request, threadsMax: 1 }, 60_000);
    const windows = [{ arm: 'native', threads: 1, discardNs: 0, measureNs: 1e6 }];
    expect((await process_.command('run', { windows })).windows).toHaveLength(1);
  });

  it('refuses what it does not know', async () => {
    const process_ = await start();
    await expect(process_.command('prepare', { work: 'juggling', arms: [] })).rejects.toThrow(
      /"work" must be one of lookup, map, mem-echo, sockets/,
    );
    await expect(process_.command('listen', {})).rejects.toMatchObject({
      code: 'ERR_CONTROL_UNKNOWN_COMMAND',
    });
    const windows = [{ arm: 'native', threads: 1, discardNs: 0, measureNs: 1 }];
    await expect(process_.command('run', { windows })).rejects.toMatchObject({
      code: 'ERR_THREAD_WORK_UNKNOWN_ARM',
    });
    await process_
      .command('prepare', { work: 'lookup', arms: ['rival:nobody'], threadsMax: 1, processors: [] })
      .then(
        () => expect.unreachable(),
        (error: Error) =>
          expect(error.message).toMatch(/no loop is named session-directory\/read\/rival:nobody/),
      );
  });
});

describe('pairs that echo', () => {
  it('add up, with the processor time of what was measured', () => {
    const pair = {
      startNs: 100,
      endNs: 200,
      operations: 40,
      sent: 80,
      delivered: 80,
      duplicated: 0,
      reordered: 1,
      corrupted: 2,
    };
    const window = windowOf(
      [pair, { ...pair, startNs: 110, endNs: 230, operations: 60, delivered: 79 }],
      1590,
    );
    expect(window).toMatchObject({ startNs: 100, endNs: 210, operations: 100, cpuNs: 1000 });
    expect(window.ledger).toMatchObject({ sent: 160, delivered: 159, lost: 1, reordered: 2, corrupted: 4 });
  });
});
