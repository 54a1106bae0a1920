import { describe, expect, it } from 'vitest';
import { faultsIn, servedArm } from './served-arm.js';

const LEDGER = {
  ...{ sent: 600, delivered: 600, droppedCounted: 0, unacknowledgedAtClose: 0 },
  ...{ lost: 0, duplicated: 0, reordered: 0, corrupted: 0 },
};
const WINDOW = {
  ...{ group: 'job 1', startNs: 1, endNs: 2, operations: 600, bytes: 38_400 },
  ...{ serverCpuNs: 0, generatorCpuNs: 0, latencyNs: null },
};

describe('the ledger of a job', () => {
  it('has no faults when every message was sent, delivered and counted once', () => {
    expect(faultsIn(LEDGER, WINDOW, 600)).toBe(0);
  });

  it.each([
    [{ sent: 599 }, {}, 1],
    [{ sent: 601, delivered: 601 }, {}, 1],
    [{ delivered: 590 }, {}, 10],
    [{ duplicated: 1, reordered: 2, corrupted: 3 }, {}, 6],
    [{}, { operations: 597 }, 3],
  ])('with %o and a window with %o has faults: %d', (ledger, window, faults) => {
    expect(faultsIn({ ...LEDGER, ...ledger }, { ...WINDOW, ...window }, 600)).toBe(faults);
  });
});

describe('an arm that is served', () => {
  const PARAMETERS = { sessions: 20, messagesPerSession: 1, depth: 4, payloadBytes: 64 };

  it('does exactly the job, rounded up to whole messages of every session, and again with fresh sessions', async () => {
    const made = await servedArm('limit').make(PARAMETERS);
    if (!('workload' in made)) throw new Error(made.notMeasurable);
    try {
      for (const [asked, done] of [
        [130, 140],
        [1, 20],
      ]) {
        const measured = await made.workload.run(asked);
        expect(measured).toMatchObject({ operations: done, faults: 0, threads: 1 });
        // A kernel that counts processor time by ticks sees none in so small a job.
        expect(measured.cpuNanoseconds).toBeGreaterThanOrEqual(0);
        expect(measured.figures.job_ns).toBeGreaterThan(measured.nanoseconds);
        expect(measured.figures.latency_ns_p99).toBeGreaterThan(0);
        expect(measured.figures.syscalls_per_op).toBeGreaterThan(0);
      }
    } finally {
      await made.workload.release();
    }
  });

  it('fails when it is abandoned', async () => {
    const made = await servedArm('limit').make(PARAMETERS);
    if (!('workload' in made)) throw new Error(made.notMeasurable);
    const run = made.workload.run(1e9);
    setTimeout(() => made.workload.abandon?.(), 100);
    await expect(run).rejects.toThrow(/was ended|ended with code/);
    await made.workload.release();
  });

  it('is not measurable where its program is absent', async () => {
    expect(await servedArm('rival:nobody').make(PARAMETERS)).toEqual({
      notMeasurable: expect.stringContaining('unknown arm'),
    });
  });
});
