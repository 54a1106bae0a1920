import { hrtime } from 'node:process';
import { measure } from 'mitata';
import type { Measured, Workload } from './suite.js';

/** How one arm is sampled in one case: the same in all rounds. */
export interface Pace {
  /** Operations of one sample. */
  batch: number;
  /** Samples of a window; one more before them is thrown away. */
  samples: number;
}

export interface SampledWindow {
  startNs: number;
  endNs: number;
  /** Of the mean sample. */
  nanosecondsPerOperation: number;
  /** All operations, the thrown-away sample's too; CPU time and faults belong to these. */
  operations: number;
  /** Null where the workload does not tell. */
  cpuNs: number | null;
  faults: number;
  threads: number;
  figures: Measured['figures'];
}

const SAMPLES_MAX = 6;
const BATCH_MAX = 2 ** 30;
const TRIES = 3;
const GROWTH_MAX = 32;

/**
 * Finds the operations that take a sixth of a window, from a single one upwards. Each size is tried several times and
 * the quickest counts: a first, cold or preempted run must not decide for the whole run that a batch is small.
 */
export async function paceOf(workload: Workload, windowNs: number): Promise<Pace> {
  const sampleNs = windowNs / SAMPLES_MAX;
  let batch = 1;
  for (;;) {
    let perOperation = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const { nanoseconds, operations } = await workload.run(batch);
      perOperation = Math.min(perOperation, nanoseconds / operations);
    }
    const fitting = Math.min(BATCH_MAX, Math.max(1, Math.round(sampleNs / perOperation)));
    if (fitting <= 2 * batch) {
      const samples = Math.round(windowNs / (fitting * perOperation));
      return { batch: fitting, samples: Math.min(SAMPLES_MAX, Math.max(1, samples)) };
    }
    batch = Math.min(fitting, batch * GROWTH_MAX);
  }
}

/** mitata takes the samples; each is timed where its work is done, so that the call into it costs nothing. */
export async function sampleWindow(workload: Workload, pace: Pace): Promise<SampledWindow> {
  let operations = 0;
  let faults = 0;
  let cpuNs: number | null = 0;
  let last: Measured | undefined;
  const sample = async (): Promise<number> => {
    last = await workload.run(pace.batch);
    cpuNs = cpuNs === null || last.cpuNanoseconds === undefined ? null : cpuNs + last.cpuNanoseconds;
    operations += last.operations;
    faults += last.faults;
    return last.nanoseconds / last.operations;
  };
  // `manual` makes a sample what the function returns. A warm-up below the threshold would be repeated: once is enough.
  const options = {
    ...{ manual: 'manual', gc: false, heap: undefined, min_cpu_time: 0, warmup_samples: 0 },
    min_samples: pace.samples,
    max_samples: pace.samples,
  };
  const startNs = Number(hrtime.bigint());
  const stats = await measure(sample, options);
  const endNs = Number(hrtime.bigint());
  return {
    startNs,
    endNs,
    nanosecondsPerOperation: stats.avg,
    operations,
    cpuNs,
    faults,
    threads: last?.threads ?? 1,
    figures: last?.figures ?? {},
  };
}

/** A job is run once, as it is: to throw one away before it would double what takes seconds. */
export async function jobWindow(workload: Workload, operations: number): Promise<SampledWindow> {
  const startNs = Number(hrtime.bigint());
  const done = await workload.run(operations);
  const endNs = Number(hrtime.bigint());
  return {
    startNs,
    endNs,
    nanosecondsPerOperation: done.nanoseconds / done.operations,
    operations: done.operations,
    cpuNs: done.cpuNanoseconds ?? null,
    faults: done.faults,
    threads: done.threads,
    figures: done.figures,
  };
}
