import { hrtime } from 'node:process';
import { InterruptedError } from '../../scenarios/harness/interruption.js';
import type { PressureReading } from '../../scenarios/harness/pressure.js';
import type { ProgressSink } from '../../scenarios/harness/progress.js';
import { createRandom } from '../../scenarios/harness/statistics/random.js';
import { type Effort, measureCaseRound } from './case-round.js';
import type { SuiteCase } from './suite.js';
import { CaseSamples } from './suite-samples.js';

export const FULL_EFFORT: Effort = { rounds: 10, blocks: 4, windowNs: 30e6, jobShare: 1 };
export const QUICK_EFFORT: Effort = { rounds: 5, blocks: 1, windowNs: 20e6, jobShare: 0.05 };
/** Making, warming up and the thrown-away samples, against the windows themselves: for the estimate alone. */
const OVERHEAD = 1.4;

export interface SuiteSamples {
  cases: Map<string, CaseSamples>;
  startNs: number;
  interrupted: boolean;
}

export interface SuiteRun {
  cases: readonly SuiteCase[];
  effort: Effort;
  seed: number;
  signal: AbortSignal;
  progress: ProgressSink;
  readPressure: () => PressureReading;
}

export function secondsOf(cases: readonly SuiteCase[], effort: Effort): number {
  return cases.reduce((sum, { arms, job }) => {
    const windows = (effort.blocks * 2 * effort.windowNs) / 1e9;
    const armSeconds =
      job === undefined ? windows : (job.operations * effort.jobShare) / job.operationsPerSecondAbout;
    return sum + OVERHEAD * arms.length * effort.rounds * armSeconds;
  }, 0);
}

/** Measures round after round, in each of them every case in a new order. What was measured before an interrupt is kept. */
export async function measureSuite(run: SuiteRun): Promise<SuiteSamples> {
  const { effort, signal, progress, readPressure } = run;
  const random = createRandom(run.seed).fork('order');
  const cases = new Map(run.cases.map((each) => [each.name, new CaseSamples(each)]));
  const startNs = Number(hrtime.bigint());
  let interrupted = false;
  try {
    for (let round = 0; round < effort.rounds; round++) {
      for (const samples of random.shuffled([...cases.values()])) {
        progress.phase(`round ${round + 1} of ${effort.rounds} · ${samples.body.name}`);
        const onWindow = (arm: string, rate: number): void => progress.rate(arm, rate);
        await measureCaseRound(samples, { round, effort, random, signal, readPressure, onWindow });
        progress.advance(secondsOf([samples.body], { ...effort, rounds: 1 }));
      }
    }
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    interrupted = true;
  }
  return { cases, startNs, interrupted };
}
