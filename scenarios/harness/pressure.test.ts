import { describe, expect, it } from 'vitest';
import { cpuTicks, type PressureReading, pressureBetween, psiSomeTotalUs, readPressure } from './pressure.js';

const BEFORE: PressureReading = {
  monotonicNs: 1e9,
  realtimeMs: 50_000,
  boottimeMs: 1_000,
  stealTicks: 10,
  totalTicks: 1_000,
  psiCpuSomeUs: 0,
};

function changed(changes: Partial<PressureReading>): PressureReading {
  return {
    monotonicNs: 2e9,
    realtimeMs: 51_000,
    boottimeMs: 2_000,
    stealTicks: 10,
    totalTicks: 1_200,
    psiCpuSomeUs: 250_000,
    ...changes,
  };
}

describe('pressure between two readings', () => {
  it('is steal and waiting as shares', () => {
    const pressure = pressureBetween(BEFORE, changed({ stealTicks: 16 }));
    expect(pressure.stealPercent).toBeCloseTo(3, 9);
    expect(pressure.psiCpuSome).toBeCloseTo(0.25, 9);
    expect(pressure.outsideCause).toBeNull();
  });

  it('names causes from outside: steal, suspend, a jump of the wall clock in either direction', () => {
    expect(pressureBetween(BEFORE, changed({ stealTicks: 60 })).outsideCause).toMatch(
      /hypervisor took 25\.0 %/,
    );
    expect(pressureBetween(BEFORE, changed({ boottimeMs: 9_000 })).outsideCause).toMatch(
      /suspended for 7000 ms/,
    );
    expect(pressureBetween(BEFORE, changed({ realtimeMs: 61_000 })).outsideCause).toMatch(
      /jumped by 10000 ms/,
    );
    expect(pressureBetween(BEFORE, changed({ realtimeMs: 41_000 })).outsideCause).toMatch(
      /jumped by -10000 ms/,
    );
  });

  it('does without PSI and boot time', () => {
    const pressure = pressureBetween({ ...BEFORE, psiCpuSomeUs: null }, changed({ boottimeMs: null }));
    expect(pressure).toEqual({
      stealPercent: 0,
      psiCpuSome: null,
      outsideCause: null,
      outsideKind: null,
    });
  });

  it('reads the kernel’s own forms', () => {
    expect(cpuTicks('cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 1 1 1')).toEqual({ stealTicks: 8, totalTicks: 36 });
    expect(psiSomeTotalUs('some avg10=0.00 avg60=0.00 avg300=0.00 total=12345\nfull total=9')).toBe(12345);
    expect(psiSomeTotalUs('')).toBeNull();
    expect(readPressure().totalTicks).toBeGreaterThan(0);
  });
});
