import { readFileSync } from 'node:fs';
import { hrtime } from 'node:process';

/** What the machine did to a block from outside: read before and after, then compared. */
export interface PressureReading {
  monotonicNs: number;
  realtimeMs: number;
  /** Counts time asleep too, unlike the monotonic clock; null without /proc/uptime. */
  boottimeMs: number | null;
  stealTicks: number;
  totalTicks: number;
  psiCpuSomeUs: number | null;
}

export interface Pressure {
  stealPercent: number;
  psiCpuSome: number | null;
  /** Why the block must be dropped, or null. Never depends on what was measured. */
  outsideCause: string | null;
  /** The kind of cause, to count by. */
  outsideKind: OutsideKind | null;
}

export type OutsideKind = 'suspend' | 'clock-jump' | 'steal';

/** One tick is 1 % of a block of half a second on two cores, so less than this is not told apart from rounding. */
const STEAL_PERCENT_MAX = 10;
const CLOCK_STEP_MS_MAX = 250;

export function readPressure(): PressureReading {
  const ticks = cpuTicks(readText('/proc/stat') ?? '');
  const uptime = readText('/proc/uptime');
  return {
    monotonicNs: Number(hrtime.bigint()),
    realtimeMs: Date.now(),
    boottimeMs: uptime === null ? null : Number.parseFloat(uptime) * 1000,
    ...ticks,
    psiCpuSomeUs: psiSomeTotalUs(readText('/proc/pressure/cpu') ?? ''),
  };
}

/** `cpu  user nice system idle iowait irq softirq steal guest guest_nice`; guest time is inside user time. */
export function cpuTicks(stat: string): { stealTicks: number; totalTicks: number } {
  const fields = /^cpu +(.*)$/m.exec(stat)?.[1].trim().split(/\s+/).map(Number) ?? [];
  const counted = fields.slice(0, 8);
  return { stealTicks: counted[7] ?? 0, totalTicks: counted.reduce((sum, value) => sum + value, 0) };
}

export function psiSomeTotalUs(text: string): number | null {
  const total = /^some .*total=(\d+)/m.exec(text)?.[1];
  return total === undefined ? null : Number(total);
}

export function pressureBetween(before: PressureReading, after: PressureReading): Pressure {
  const monotonicMs = (after.monotonicNs - before.monotonicNs) / 1e6;
  const ticks = after.totalTicks - before.totalTicks;
  const stealPercent = ticks > 0 ? (100 * (after.stealTicks - before.stealTicks)) / ticks : 0;
  const psiCpuSome =
    before.psiCpuSomeUs === null || after.psiCpuSomeUs === null || monotonicMs <= 0
      ? null
      : (after.psiCpuSomeUs - before.psiCpuSomeUs) / 1000 / monotonicMs;
  const [outsideKind, outsideCause] = cause() ?? [null, null];
  return { stealPercent, psiCpuSome, outsideCause, outsideKind };

  function cause(): [OutsideKind, string] | null {
    if (before.boottimeMs !== null && after.boottimeMs !== null) {
      const asleepMs = after.boottimeMs - before.boottimeMs - monotonicMs;
      if (asleepMs > CLOCK_STEP_MS_MAX)
        return ['suspend', `the machine was suspended for ${Math.round(asleepMs)} ms`];
    }
    const stepMs = after.realtimeMs - before.realtimeMs - monotonicMs;
    if (Math.abs(stepMs) > CLOCK_STEP_MS_MAX) {
      return ['clock-jump', `the wall clock jumped by ${Math.round(stepMs)} ms`];
    }
    if (stealPercent > STEAL_PERCENT_MAX) {
      const share = `${stealPercent.toFixed(1)} % of the processor time`;
      return ['steal', `the hypervisor took ${share} (limit ${STEAL_PERCENT_MAX} %)`];
    }
    return null;
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
