import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { throwIfInterrupted } from '../../scenarios/harness/interruption.js';
import { type PressureReading, pressureBetween } from '../../scenarios/harness/pressure.js';
import type { Random } from '../../scenarios/harness/statistics/random.js';
import type { SuiteArm, SuiteCase, Workload } from './suite.js';
import type { ArmRound, CaseSamples } from './suite-samples.js';
import { jobWindow, paceOf, type SampledWindow, sampleWindow } from './window.js';

/** How much a run measures. */
export interface Effort {
  rounds: number;
  /** Blocks of a round: each holds two windows of every arm. */
  blocks: number;
  windowNs: number;
  /** How much of a job is done: 1 in a full run. */
  jobShare: number;
}

/** A new process compiles its JavaScript anew: a job has this share of it done before. */
const JOB_WARM_UP_SHARE = 1 / 20;

export interface RoundContext {
  round: number;
  effort: Effort;
  random: Random;
  signal: AbortSignal;
  readPressure: () => PressureReading;
  /** Called after each window, with the operations per second it had. */
  onWindow: (arm: string, operationsPerSecond: number) => void;
}

// Loops that run in one call never let the event loop go round, and signals are seen only there: hence its turns between
// windows and between arms.

interface MadeArm {
  name: string;
  workload: Workload;
  collected: ArmRound;
}

/**
 * One round of one case: every arm is made anew, in random order, all are up together, and their windows lie next to
 * each other: a random order and its mirror, block after block, so that a drift of the machine hits all alike.
 */
export async function measureCaseRound(samples: CaseSamples, context: RoundContext): Promise<void> {
  const made: MadeArm[] = [];
  const abandon = (): void => {
    for (const { workload } of made) workload.abandon?.();
  };
  context.signal.addEventListener('abort', abandon);
  try {
    for (const [order, arm] of context.random.shuffled(samples.body.arms).entries()) {
      await turnOfTheLoop();
      throwIfInterrupted(context.signal);
      if (Object.hasOwn(samples.absentArms, arm.name)) continue;
      const workload = await attempt(samples, arm.name, context, () => makeArm(samples, arm));
      if (workload === undefined) continue;
      const running = { name: arm.name, workload, collected: { round: context.round, order, windows: [] } };
      made.push(running);
      await attempt(samples, arm.name, context, () => warmUp(samples, running, context));
    }
    const blocks = samples.body.job === undefined ? context.effort.blocks : 1;
    for (let block = 0; block < blocks; block++) await measureBlock(samples, made, block, context);
  } finally {
    context.signal.removeEventListener('abort', abandon);
    // Each is released, whatever becomes of the others.
    for (const { name, workload } of made) {
      try {
        await workload.release();
      } catch (error) {
        recordError(samples, name, context.round, error);
      }
    }
  }
  for (const { name, collected } of made) {
    if (!hasFailed(samples, name, context.round)) samples.arm(name).rounds.push(collected);
  }
}

/** Nothing when the arm is not measurable here. */
async function makeArm(samples: CaseSamples, arm: SuiteArm): Promise<Workload | undefined> {
  const result = await arm.make(samples.body.parameters);
  if ('workload' in result) return result.workload;
  samples.absentArms[arm.name] = result.notMeasurable;
  return undefined;
}

/**
 * As much work as a window: a thread that was made for this round compiles its JavaScript anew. The batch is looked for
 * again after it, or it would be that of code which was not compiled yet.
 */
async function warmUp(samples: CaseSamples, arm: MadeArm, { effort }: RoundContext): Promise<void> {
  const collected = samples.arm(arm.name);
  const workload: Workload = {
    async run(operations) {
      const done = await arm.workload.run(operations);
      collected.unmeasuredFaults += done.faults;
      return done;
    },
    release() {},
  };
  const jobOperations = jobOperationsOf(samples.body, effort);
  if (jobOperations !== null) {
    await workload.run(Math.ceil(jobOperations * JOB_WARM_UP_SHARE));
    return;
  }
  const pace = collected.pace ?? (await paceOf(workload, effort.windowNs));
  for (let sample = 0; sample < pace.samples; sample++) await workload.run(pace.batch);
  collected.pace ??= await paceOf(workload, effort.windowNs);
}

/** What a job does with this effort; null for work that is measured in windows. */
export function jobOperationsOf({ job }: SuiteCase, { jobShare }: Effort): number | null {
  return job === undefined ? null : Math.ceil(job.operations * jobShare);
}

function measureArm(samples: CaseSamples, arm: MadeArm, effort: Effort): Promise<SampledWindow> {
  const jobOperations = jobOperationsOf(samples.body, effort);
  if (jobOperations !== null) return jobWindow(arm.workload, jobOperations);
  const { pace } = samples.arm(arm.name);
  if (pace === undefined) throw new Error(`${arm.name} has no pace`);
  return sampleWindow(arm.workload, pace);
}

async function measureBlock(
  samples: CaseSamples,
  made: readonly MadeArm[],
  block: number,
  context: RoundContext,
): Promise<void> {
  const working = made.filter((arm) => !hasFailed(samples, arm.name, context.round));
  if (working.length === 0) return;
  const { round } = context;
  const before = context.readPressure();
  const order = context.random.shuffled(working);
  const measured: { arm: MadeArm; window: SampledWindow }[] = [];
  const mirror = samples.body.job === undefined ? order.toReversed() : [];
  for (const arm of [...order, ...mirror]) {
    await turnOfTheLoop();
    throwIfInterrupted(context.signal);
    if (hasFailed(samples, arm.name, round)) continue;
    await attempt(samples, arm.name, context, async () => {
      const window = await measureArm(samples, arm, context.effort);
      measured.push({ arm, window });
      context.onWindow(arm.name, 1e9 / window.nanosecondsPerOperation);
    });
  }
  const { stealPercent, psiCpuSome, outsideCause } = pressureBetween(before, context.readPressure());
  const dropped = outsideCause !== null;
  const where = { case: samples.body.name, round, block };
  samples.blocks.push({ ...where, stealPercent, psiCpuSome, dropped, reason: outsideCause });
  for (const { arm, window } of measured) {
    arm.collected.windows.push({ ...window, dropped });
    samples.windows.push({ ...where, arm: arm.name, startNs: window.startNs, endNs: window.endNs });
  }
}

function hasFailed(samples: CaseSamples, arm: string, round: number): boolean {
  return samples.arm(arm).errors.some((error) => error.round === round);
}

/** An arm that fails loses its round; the others go on. */
async function attempt<Result>(
  samples: CaseSamples,
  arm: string,
  { round, signal }: RoundContext,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    throwIfInterrupted(signal);
    recordError(samples, arm, round, error);
    return undefined;
  }
}

function recordError(samples: CaseSamples, arm: string, round: number, error: unknown): void {
  const code = (error as NodeJS.ErrnoException).code ?? 'ERR_SUITE_ARM_FAILED';
  const message = error instanceof Error ? error.message : String(error);
  samples.arm(arm).errors.push({ round, code, message });
}
