import { join } from 'node:path';
import type { Children } from '../arm-process.js';
import { BUILT_IN_DEFAULTS } from '../case-parameters.js';
import { ONE_OF_EACH } from '../case-processes.js';
import type { PlannedCase, RunPlan } from '../planner.js';
import type { PressureReading } from '../pressure.js';
import { SILENT } from '../progress.js';
import { planServers } from '../round-plan.js';
import { measureRun, type RunSamples } from '../run.js';

/** Runs of the whole harness with real processes that move no messages (`fake-process.mjs`). */

const FAKE = join(import.meta.dirname, 'fake-process.mjs');

/** A case of 10 sessions over sockets. */
export function fakeCase(
  name: string,
  depth: number,
  arms: string[],
  messagesPerSessionMin = 0,
): PlannedCase {
  return {
    name,
    parameters: { ...BUILT_IN_DEFAULTS, sessions: 10, depth },
    arms,
    processes: ONE_OF_EACH,
    findSessions: false,
    absentArms: {},
    notMeasurable: null,
    messagesPerSessionMin,
    checks: [],
    notJudged: null,
  };
}

export const FAKE_CASES = [
  fakeCase('tcp', 1, ['fast', 'slow']),
  fakeCase('tcp/depth=16', 16, ['fast', 'slow']),
];

/** What a quiet machine shows, but for steal. */
export function pressureWith(stealTicks: number): PressureReading {
  return {
    monotonicNs: 0,
    realtimeMs: 0,
    boottimeMs: 0,
    stealTicks,
    totalTicks: stealTicks * 2,
    psiCpuSomeUs: 0,
  };
}

export interface FakeRun {
  cases?: PlannedCase[];
  rounds?: number;
  seed?: number;
  /** Options of the processes of an arm, and of the generators. */
  server?: Record<string, object>;
  generator?: object;
  signal?: AbortSignal;
  idleSessions?: number;
  readPressure?: () => PressureReading;
  scrapes?: RunPlan['scrapes'];
  windowNsMin?: number;
}

/** Measures the cases with arms that report 10 000 (`fast`) and 100 (`slow`) operations a second. */
export function measureFakeRun(children: Children, setup: FakeRun = {}): Promise<RunSamples> {
  const cases = setup.cases ?? FAKE_CASES;
  const plan: RunPlan = {
    cases,
    arms: [...new Set(cases.flatMap((each) => each.arms))],
    servers: planServers(cases),
    generators: Math.max(...cases.map((each) => each.processes.generators)),
    rounds: setup.rounds ?? 2,
    ...{ slotNs: 0.5e9, warmupNs: [50e6], pacingNs: [60e6] },
    idle: setup.idleSessions === undefined ? null : { caseName: 'tcp', sessions: setup.idleSessions },
    ...{ pinning: null, seconds: 1, progressSeconds: 1, notes: [] },
    scrapes: setup.scrapes,
    windowNsMin: setup.windowNsMin,
  };
  const command = (role: string, arm: string, options: object) => ({
    command: process.execPath,
    args: [FAKE, role, arm, JSON.stringify(options)],
  });
  return measureRun({
    plan,
    seed: setup.seed ?? 1,
    children,
    armCommand: (arm) => command('server', arm, setup.server?.[arm] ?? {}),
    generatorCommand: command('generator', 'generator', {
      rate: { fast: 10_000, slow: 100 },
      ...setup.generator,
    }),
    signal: setup.signal ?? new AbortController().signal,
    progress: SILENT,
    readPressure: setup.readPressure ?? (() => pressureWith(0)),
  });
}
