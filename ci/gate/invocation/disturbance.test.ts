import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readThrottledUs } from './cgroup-throttling.js';
import { type DisturbanceReading, disturbanceBetween } from './disturbance.js';
import { type ForeignReading, foreignShare, readForeign, ticksNotUsed } from './foreign-time.js';
import { readVisiblePrograms, ticksBetween } from './other-programs.js';

const BEFORE: DisturbanceReading = {
  pressure: {
    ...{ monotonicNs: 0, realtimeMs: 1_000, boottimeMs: 1_000 },
    ...{ stealTicks: 0, totalTicks: 0, psiCpuSomeUs: 0 },
  },
  foreign: { idleTicks: 0, processors: 2, ownTicks: 0, others: new Map([[1, 5]]) },
  throttledUs: 0,
};

/** Half a second later on two processors, all of it ours, except for what a test says. */
function later(
  pressure: object = {},
  foreign: object = {},
  throttledUs: number | null = 0,
): DisturbanceReading {
  const clocks = { monotonicNs: 500e6, realtimeMs: 1_500, boottimeMs: 1_500 };
  const counts = { totalTicks: 100, psiCpuSomeUs: 50_000 };
  return {
    pressure: { ...BEFORE.pressure, ...clocks, ...counts, ...pressure },
    foreign: { ...BEFORE.foreign, ownTicks: 100, ...foreign },
    throttledUs,
  };
}

describe('what disturbs a block', () => {
  it('is nothing where the time was ours or idle', () => {
    for (const foreign of [
      {},
      { ownTicks: 30, idleTicks: 70 },
      { ownTicks: 80 },
      { others: new Map([[1, 12]]) },
    ]) {
      expect(disturbanceBetween(BEFORE, later({}, foreign)).dropped).toBeNull();
    }
    expect(disturbanceBetween(BEFORE, later())).toMatchObject({ psiCpuSome: 0.1, foreignPercent: 0 });
  });

  it('is no wake-up of an idle processor, which belongs to nobody', () => {
    const { dropped, unaccountedPercent } = disturbanceBetween(
      BEFORE,
      later({}, { ownTicks: 40, idleTicks: 45 }),
    );
    expect({ dropped, unaccountedPercent }).toEqual({ dropped: null, unaccountedPercent: 15 });
  });

  it.each([
    [
      'foreign-cpu',
      later(
        {},
        {
          others: new Map([
            [1, 15],
            [7, 10],
          ]),
        },
      ),
      /other programs took 20\.0 %/,
    ],
    ['foreign-cpu', later({}, { ownTicks: 50, idleTicks: 20 }), /neither idle nor of the gate took 30\.0 %/],
    ['foreign-cpu', later({}, { ownTicks: 50, idleTicks: 20, others: null }), /neither idle nor .* 30\.0 %/],
    ['throttled', later({}, {}, 12_000), /quota stopped it for 12\.0 ms/],
    ['steal', later({ stealTicks: 30 }), /hypervisor took 30\.0 %/],
    ['suspend', later({ boottimeMs: 9_000 }), /suspended/],
    ['clock-jump', later({ realtimeMs: 61_000 }), /clock jumped/],
  ])('is %s, with its reason', (kind, reading, reason) => {
    const { dropped } = disturbanceBetween(BEFORE, reading);
    expect(dropped).toEqual({ kind, reason: expect.stringMatching(reason) });
  });

  it('is not a quota that nobody counts', () => {
    expect(disturbanceBetween({ ...BEFORE, throttledUs: null }, later({}, {}, 5))).toMatchObject({
      throttledUs: null,
      dropped: null,
    });
  });
});

describe('foreign time', () => {
  it('leaves interrupts out where the kernel accounts them to nobody, and steal always', () => {
    const stat = 'cpu  9 9 9 9\ncpu0 10 0 20 700 30 4 5 6 0 0\ncpu1 1 0 2 70 3 0 0 0 0 0\n';
    expect(ticksNotUsed(stat, 0, false)).toBe(736);
    expect(ticksNotUsed(stat, 0, true)).toBe(745);
    expect(ticksNotUsed(stat, 1, false)).toBe(73);
  });

  it('sees a process that computes as ours when it is named, and as foreign when not', async () => {
    const child = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    const theirs = child.pid ?? 0;
    const ticks = (pids: number[]) => readForeign(pids, [0]).ownTicks;
    while (ticks([theirs]) < 5) await sleep(20);
    // Read twice, it can only have grown meanwhile.
    const [least, both, most] = [ticks([process.pid]), ticks([process.pid, theirs]), ticks([theirs])];
    expect(both).toBeGreaterThanOrEqual(least + 5);
    expect(most).toBeGreaterThanOrEqual(5);
    const reading = (ownTicks: number) => ({ idleTicks: 0, processors: 1, ownTicks, others: null });
    const unaccounted = (after: ForeignReading) => foreignShare(reading(0), after, 1e9).unaccountedPercent;
    expect(unaccounted(reading(40))).toBe(60);
    expect(unaccounted({ ...reading(40), idleTicks: 50 })).toBe(10);
  });

  it('counts a program by its own clock, one that has just started too, and none of what is ours', async () => {
    const before = readVisiblePrograms([process.pid]);
    const child = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    const theirs = child.pid ?? 0;
    while ((readVisiblePrograms([]).get(theirs) ?? 0) < 5) await sleep(20);
    expect(ticksBetween(before, readVisiblePrograms([process.pid]))).toBeGreaterThanOrEqual(5);
    expect(readVisiblePrograms([process.pid, theirs]).has(theirs)).toBe(false);
    expect(readVisiblePrograms([]).has(process.pid)).toBe(true);
  });

  it('takes nothing away for a process number that is used again', () => {
    expect(
      ticksBetween(
        new Map([[7, 900]]),
        new Map([
          [7, 3],
          [8, 2],
        ]),
      ),
    ).toBe(2);
  });

  it('is none of a process that is gone', () => {
    expect(readForeign([2 ** 22 + 1], [0]).ownTicks).toBe(0);
  });
});

describe('throttling by the cgroup', () => {
  function root(files: Record<string, string>): string {
    const folder = mkdtempSync(join(tmpdir(), 'msgtrans-gate-cgroup-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    return folder;
  }

  it('is read from version 2, from version 1, and from what a container sees of them', () => {
    const v2 = 'usage_usec 9\nnr_throttled 3\nthrottled_usec 4500\n';
    const v1 = 'nr_periods 5\nnr_throttled 3\nthrottled_time 7000000\n';
    expect(
      readThrottledUs(root({ 'proc/self/cgroup': '0::/jobs/a\n', 'sys/fs/cgroup/jobs/a/cpu.stat': v2 })),
    ).toBe(4_500);
    expect(readThrottledUs(root({ 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cpu.stat': v2 }))).toBe(4_500);
    const named = '3:memory:/x\n2:cpu,cpuacct:/jobs\n0::/\n';
    expect(
      readThrottledUs(root({ 'proc/self/cgroup': named, 'sys/fs/cgroup/cpu,cpuacct/jobs/cpu.stat': v1 })),
    ).toBe(7_000);
    expect(
      readThrottledUs(root({ 'proc/self/cgroup': '1:cpu:/lost\n', 'sys/fs/cgroup/cpu/cpu.stat': v1 })),
    ).toBe(7_000);
  });

  it('is unknown where none is counted', () => {
    expect(readThrottledUs(root({}))).toBeNull();
    expect(
      readThrottledUs(root({ 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cpu.stat': 'usage_usec 9\n' })),
    ).toBeNull();
  });
});
