import { expect, it } from 'vitest';
import { BUILT_IN_DEFAULTS, type CaseParameters } from './case-parameters.js';
import { DESCRIPTORS_SPARE, processesFor } from './case-processes.js';

const of = (sessions: number, more: Partial<CaseParameters> = {}): CaseParameters => ({
  ...BUILT_IN_DEFAULTS,
  sessions,
  ...more,
});

it('needs one of each as long as the descriptors of one generator hold the sessions to all arms', () => {
  expect(processesFor(of(9_936), 2, 20_000)).toEqual({ servers: 1, generators: 1 });
  expect(processesFor(of(9_937), 2, 20_000)).toEqual({ servers: 1, generators: 2 });
});

it('gives each server process as many generators, and no process more than it may have', () => {
  for (const [sessions, arms, limit] of [
    [100_000, 2, 20_000],
    [100_000, 5, 1_024],
    [19_872, 3, 20_000],
    [19_873, 1, 20_000],
  ]) {
    const { servers, generators } = processesFor(of(sessions), arms, limit);
    expect(generators % servers).toBe(0);
    expect(sessions / servers).toBeLessThanOrEqual(limit - DESCRIPTORS_SPARE);
    expect((sessions * arms) / generators).toBeLessThanOrEqual(limit - DESCRIPTORS_SPARE);
  }
  expect(processesFor(of(100_000), 2, 20_000)).toEqual({ servers: 6, generators: 12 });
});

it('asks for no further process where no socket is opened', () => {
  expect(processesFor(of(1_000_000, { transport: 'mem' }), 4, 1_024)).toEqual({ servers: 1, generators: 1 });
});
