import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readThrottledUs } from './cgroup-throttling.js';
import { type DisturbanceReading, disturbanceBetween } from './disturbance.js';
import { foreignPercent, readForeign, ticksNotUsed } from './foreign-time.js';

const BEFORE: DisturbanceReading = {
  pressure: {
    ...{ monotonicNs: 0, realtimeMs: 1_000, boottimeMs: 1_000 },
    ...{ stealTicks: 0, totalTicks: 0, psiCpuSomeUs: 0 },
  },
  foreign: { idleTicks: 0, processors: 2, ownTicks: 0 },
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
    for (const foreign of [{}, { ownTicks: 30, idleTicks: 70 }, { ownTicks: 95 }]) {
      expect(disturbanceBetween(BEFORE, later({}, foreign)).dropped).toBeNull();
    }
    expect(disturbanceBetween(BEFORE, later())).toMatchObject({ psiCpuSome: 0.1, foreignPercent: 0 });
  });

  it.each([
    ['foreign-cpu', later({}, { ownTicks: 60, idleTicks: 20 }), /other programs took 20\.0 %/],
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
    const reading = (ownTicks: number) => ({ idleTicks: 0, processors: 1, ownTicks });
    expect(foreignPercent(reading(0), reading(40), 1e9)).toBe(60);
    expect(foreignPercent(reading(0), { ...reading(40), idleTicks: 50 }, 1e9)).toBe(10);
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
