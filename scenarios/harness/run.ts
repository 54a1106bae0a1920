import { hrtime } from 'node:process';
import type { Children, ProcessCommand } from './arm-process.js';
import { CaseSamples } from './case-samples.js';
import { InterruptedError, throwIfInterrupted } from './interruption.js';
import type { RunPlan } from './planner.js';
import type { PressureReading } from './pressure.js';
import type { ProgressSink } from './progress.js';
import { measureRound } from './round.js';
import { planOfRound, takesPart } from './round-plan.js';
import type { ArmCommand, RunContext } from './run-context.js';
import { measureThreadRound } from './scaling/scaling-round.js';
import { isThreadCase } from './scaling/thread-plan.js';
import { createRandom } from './statistics/random.js';

/** What is needed to measure a plan. */
export interface RunInputs {
  plan: RunPlan;
  seed: number;
  children: Children;
  armCommand: ArmCommand;
  generatorCommand: ProcessCommand;
  /** The process that cases of `load: threads` are measured in. */
  threadWorkCommand?: ProcessCommand;
  signal: AbortSignal;
  progress: ProgressSink;
  readPressure: () => PressureReading;
}

export interface RunSamples {
  cases: ReadonlyMap<string, CaseSamples>;
  startNs: number;
  interrupted: boolean;
  /** What ended the run early, other than an interruption. */
  failure: Error | null;
}

/**
 * Measures all rounds. Never throws for what happens during the measurement: what was gathered until then is worth a
 * record, so the reason comes back beside it.
 */
export async function measureRun(inputs: RunInputs): Promise<RunSamples> {
  const { plan, seed, children, signal } = inputs;
  const measured = plan.cases.filter((each) => each.notMeasurable === null);
  const cases = new Map(plan.cases.map((each) => [each.name, new CaseSamples(each)]));
  const samplesOf = (some: typeof measured) =>
    new Map(some.map((each) => [each.name, cases.get(each.name) as CaseSamples]));
  const served = samplesOf(measured.filter((each) => !isThreadCase(each)));
  const overThreads = samplesOf(measured.filter(isThreadCase));
  const context: RunContext = { ...inputs, samples: served, random: createRandom(seed) };
  const result = {
    cases,
    startNs: Number(hrtime.bigint()),
    interrupted: false,
    failure: null as Error | null,
  };
  // Stopping the processes is what makes a pending command return.
  const stop = (): void => void children.stopAll();
  signal.addEventListener('abort', stop);
  try {
    for (let round = 0; round < plan.rounds && measured.length > 0; round++) {
      throwIfInterrupted(signal);
      const part = [...served].filter(([, { planned }]) => takesPart(planned, round, plan.rounds));
      if (part.length > 0) {
        const cases = [...served.values()].map(({ planned }) => planned);
        const inRound = { plan: planOfRound(plan, round, cases), samples: new Map(part) };
        await measureRound({ ...context, ...inRound }, round);
      }
      if (overThreads.size > 0)
        await measureThreadRound({ ...context, samples: overThreads, command: threadWork(inputs) }, round);
    }
    throwIfInterrupted(signal);
  } catch (error) {
    // Whatever fails while everything is being stopped fails because of that.
    if (error instanceof InterruptedError || signal.aborted) result.interrupted = true;
    else result.failure = error instanceof Error ? error : new Error(String(error));
  } finally {
    signal.removeEventListener('abort', stop);
    await children.stopAll();
  }
  return result;
}

function threadWork({ threadWorkCommand }: RunInputs): ProcessCommand {
  if (threadWorkCommand === undefined) throw new Error('no program for work over threads was given');
  return threadWorkCommand;
}
