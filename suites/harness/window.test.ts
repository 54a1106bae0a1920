import { describe, expect, it } from 'vitest';
import type { Workload } from './suite.js';
import { paceOf, sampleWindow } from './window.js';

/** Says that each operation took so long; `slow` may make single runs look slower. */
function pretending(perOperationNs: number, slow: (run: number) => number = () => 1) {
  const batches: number[] = [];
  const workload: Workload = {
    run(operations) {
      batches.push(operations);
      const nanoseconds = operations * perOperationNs * slow(batches.length);
      return { nanoseconds, operations, faults: 0, threads: 1, figures: {} };
    },
    release() {},
  };
  return { batches, workload };
}

describe('the pace of an arm', () => {
  it.each([1, 30, 5_000])(
    'makes a sample a sixth of the window at %d ns an operation',
    async (perOperation) => {
      const { workload } = pretending(perOperation);
      const { batch, samples } = await paceOf(workload, 30e6);
      expect(samples).toBe(6);
      expect((batch * perOperation) / 5e6).toBeCloseTo(1, 1);
    },
  );

  it('takes fewer samples of operations that are longer than a sample, at least one', async () => {
    expect(await paceOf(pretending(12e6).workload, 30e6)).toEqual({ batch: 1, samples: 3 });
    expect(await paceOf(pretending(90e6).workload, 30e6)).toEqual({ batch: 1, samples: 1 });
  });

  it('is not decided by a cold first run', async () => {
    const { workload } = pretending(100, (run) => (run === 1 ? 1e6 : 1));
    expect((await paceOf(workload, 30e6)).batch).toBe(50_000);
  });
});

describe('a window', () => {
  it('throws one sample away and takes the mean of the others', async () => {
    const { batches, workload } = pretending(10, (run) => (run === 1 ? 50 : run));
    const window = await sampleWindow(workload, { batch: 100, samples: 4 });
    expect(batches).toEqual([100, 100, 100, 100, 100]);
    expect(window.nanosecondsPerOperation).toBeCloseTo((10 * (2 + 3 + 4 + 5)) / 4);
    expect(window.operations).toBe(500);
    expect(window.cpuNs).toBeNull();
  });

  it('counts the faults of every sample, adds up CPU time, and keeps the last figures', async () => {
    let run = 0;
    const workload: Workload = {
      run: async (operations) => {
        run += 1;
        const figures = { pool_hit_rate: run };
        return { nanoseconds: 5, operations, faults: 1, threads: 2, cpuNanoseconds: 7, figures };
      },
      release() {},
    };
    const window = await sampleWindow(workload, { batch: 1, samples: 3 });
    expect(window).toMatchObject({ faults: 4, threads: 2, cpuNs: 28, figures: { pool_hit_rate: 4 } });
  });
});
