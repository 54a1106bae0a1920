import { describe, expect, it } from 'vitest';
import { readPressure } from '../../scenarios/harness/pressure.js';
import { SILENT } from '../../scenarios/harness/progress.js';
import { sampleRecord } from '../../scenarios/harness/testing/sample-record.js';
import { judge } from '../../scenarios/harness/verdict.js';
import type { Measured, Suite, SuiteArm } from './suite.js';
import type { SuiteOptions } from './suite-options.js';
import { suiteRecord } from './suite-record.js';
import { measureSuite } from './suite-run.js';
import { renderSuite, suiteSentence } from './suite-table.js';
import { fasterThan, nanosecondsAtMost, timeAgainst } from './targets.js';

/** Suites whose arms only say how long they took. */

const EFFORT = { rounds: 6, blocks: 2, windowNs: 6e3, jobShare: 0.5 };
const OPTIONS: SuiteOptions = {
  ...{ quick: false, strict: false, arms: null, casePattern: null, rounds: null },
  ...{ seed: 3, json: null, html: null, saveBaseline: null, baseline: null, progress: false },
};

function arm(name: string, perOperationNs: number, changes: Partial<Measured> = {}): SuiteArm {
  return {
    name,
    make: () => ({
      workload: {
        run: (operations) => ({
          ...{ nanoseconds: operations * perOperationNs, operations, faults: 0, threads: 1, figures: {} },
          ...changes,
        }),
        release() {},
      },
    }),
  };
}

async function run(cases: Suite['cases'], options = OPTIONS, signal = new AbortController().signal) {
  const suite: Suite = { name: 'pretended', title: 'A pretended suite', cases };
  const { seed } = options;
  const samples = await measureSuite({ cases, effort: EFFORT, seed, signal, progress: SILENT, readPressure });
  const { machine, build } = sampleRecord({});
  const startedAt = new Date(0);
  const finishedAt = new Date(1_000);
  const record = suiteRecord({
    suite,
    hash: 'of its sources',
    options,
    effort: EFFORT,
    samples,
    machine,
    build,
    startedAt,
    finishedAt,
  });
  judge(record, { strict: options.strict, quick: options.quick, failure: null, further: [] });
  return record;
}

describe('a suite', () => {
  it('becomes a record with rates, times per thread, figures and what was asked for', async () => {
    const arms = [arm('native', 10, { threads: 2, figures: { pool_hit_rate: 0.5 } }), arm('baseline', 40)];
    const targets = [fasterThan('baseline', 5), timeAgainst('baseline', 0.6), nanosecondsAtMost(15)];
    const record = await run([{ name: 'work', parameters: { threads: 2 }, arms, targets }]);
    expect(record).toMatchObject({ scenario: 'suite:pretended', scenarioHash: 'of its sources' });
    const body = record.cases.work;
    expect(body).toMatchObject({ status: 'measured', parameters: { threads: 2 } });
    expect(body.arms.native.metrics).toMatchObject({
      throughput_ops_per_s: { value: 1e8, n: 6 },
      latency_ns_mean: { value: 20 },
      pool_hit_rate: { value: 0.5 },
    });
    expect(record.comparisons.find((each) => each.metric === 'throughput_ops_per_s')?.ratio).toBeCloseTo(4);
    const verdicts = record.checks
      .filter((check) => check.kind === 'service-level')
      .map((check) => check.verdict);
    expect(verdicts).toEqual(['missed', 'pass', 'missed']);
    expect(record.exitCode).toBe(0);
    expect(renderSuite(record)).toContain('MISSED');
    expect(suiteSentence(record)).toBe('suite:pretended: 1 of 3 numbers reached; no wrong result; pass');
  });

  it('tells bytes per second where an operation is about bytes', async () => {
    const record = await run([
      { name: 'work', parameters: {}, bytesPerOperation: 64, arms: [arm('native', 10), arm('baseline', 40)] },
    ]);
    const { native, baseline } = record.cases.work.arms;
    expect(native.metrics.throughput_bytes_per_s.value).toBeCloseTo(6.4e9);
    expect(baseline.metrics.throughput_bytes_per_s.value).toBeCloseTo(1.6e9);
    expect(renderSuite(record)).toMatch(/bytes\/s[\s\S]*6\.40 G/);
  });

  it('does a job once a round and arm, whole, after a share of it as a warm-up', async () => {
    const runs: number[] = [];
    const watched: SuiteArm = {
      name: 'native',
      make: () => ({
        workload: {
          run: (operations) => {
            runs.push(operations);
            const figures = { job_ns: operations * 20 };
            return { nanoseconds: operations * 10, operations, faults: 0, threads: 1, figures };
          },
          release() {},
        },
      }),
    };
    const job = { operations: 4_000, operationsPerSecondAbout: 1e8 };
    const record = await run([{ name: 'work', parameters: {}, job, arms: [watched, arm('baseline', 40)] }]);
    expect(runs).toEqual(Array.from({ length: EFFORT.rounds }, () => [100, 2_000]).flat());
    const { native } = record.cases.work.arms;
    expect(native.metrics).toMatchObject({
      throughput_ops_per_s: { value: 1e8, n: EFFORT.rounds },
      job_ns: { value: 40_000 },
    });
    expect(native.ledger).toMatchObject({ sent: 2_000 * EFFORT.rounds });
    expect(record.windows).toHaveLength(2 * EFFORT.rounds);
    expect(record.notes).toEqual(['work: jobs of 2000 operations, where a full run does 4000']);
    expect(renderSuite(record)).toContain('40.0 µs');
  });

  it('abandons a job that is under way when it is interrupted', async () => {
    const interrupt = new AbortController();
    const stuck: SuiteArm = {
      name: 'native',
      make: () => {
        let fail: (error: Error) => void = () => {};
        return {
          workload: {
            run: () =>
              new Promise((_, reject) => {
                fail = reject;
                setImmediate(() => interrupt.abort());
              }),
            abandon: () => fail(new Error('abandoned')),
            release() {},
          },
        };
      },
    };
    const job = { operations: 10, operationsPerSecondAbout: 1 };
    const record = await run(
      [{ name: 'work', parameters: {}, job, arms: [stuck] }],
      OPTIONS,
      interrupt.signal,
    );
    expect(record.interrupted).toBe(true);
  });

  it('fails with --strict when a number is missed, and judges none in a quick run', async () => {
    const cases = [
      { name: 'work', parameters: {}, arms: [arm('native', 20)], targets: [nanosecondsAtMost(15)] },
    ];
    expect((await run(cases, { ...OPTIONS, strict: true })).exitCode).toBe(6);
    const quick = await run(cases, { ...OPTIONS, strict: true, quick: true });
    expect(quick.exitCode).toBe(0);
    expect(quick.checks.find((check) => check.id === 'time')?.verdict).toBe('not-measurable');
  });

  it('fails when a result was wrong, however fast', async () => {
    const record = await run([{ name: 'work', parameters: {}, arms: [arm('native', 1, { faults: 1 })] }]);
    expect(record.exitCode).toBe(6);
    expect(record.cases.work.arms.native.ledger.corrupted).toBeGreaterThan(0);
    expect(renderSuite(record)).toContain('FAIL');
    expect(suiteSentence(record)).toMatch(/: \d+ wrong results; fail$/);
  });

  it('fails when a result was wrong before anything was measured', async () => {
    let runs = 0;
    const wrongAtFirst: SuiteArm = {
      name: 'native',
      make: () => ({
        workload: {
          run: (operations) => {
            runs += 1;
            const faults = runs === 1 ? 1 : 0;
            return { nanoseconds: operations * 10, operations, faults, threads: 1, figures: {} };
          },
          release() {},
        },
      }),
    };
    const record = await run([{ name: 'work', parameters: {}, arms: [wrongAtFirst] }]);
    expect(record.exitCode).toBe(6);
    expect(record.cases.work.arms.native.ledger.corrupted).toBe(1);
  });

  it('fails when an arm fails, and goes on with the others', async () => {
    let made = 0;
    const breaking: SuiteArm = {
      name: 'native',
      make: () => {
        made += 1;
        if (made === 2) throw new Error('out of slots');
        return arm('native', 10).make({});
      },
    };
    const record = await run([{ name: 'work', parameters: {}, arms: [breaking, arm('baseline', 20)] }]);
    expect(record.exitCode).toBe(6);
    const { native, baseline } = record.cases.work.arms;
    expect(native.errors).toMatchObject([{ round: 1, message: 'out of slots' }]);
    expect([native.rounds.length, baseline.rounds.length]).toEqual([5, 6]);
    expect(renderSuite(record)).toContain('native, round 2: out of slots');
  });

  it('names an arm that is not measurable here, and does not judge by it', async () => {
    const absent: SuiteArm = {
      name: 'rival:tbb',
      make: () => ({ notMeasurable: 'libtbb-dev is not installed' }),
    };
    const targets = [fasterThan('rival:tbb', 3)];
    const record = await run([{ name: 'work', parameters: {}, arms: [arm('native', 10), absent], targets }]);
    expect(record.cases.work.absentArms).toEqual({ 'rival:tbb': 'libtbb-dev is not installed' });
    expect(record.checks.find((check) => check.kind === 'service-level')).toMatchObject({
      verdict: 'not-measurable',
      reason: 'libtbb-dev is not installed',
    });
    expect(record.exitCode).toBe(0);
  });

  it('measures the arms of a block in an order and its mirror, and releases each arm once a round', async () => {
    let live = 0;
    const counted = (name: string): SuiteArm => ({
      name,
      make: () => {
        live += 1;
        const workload = {
          run: (operations: number) => ({
            nanoseconds: operations,
            operations,
            faults: 0,
            threads: 1,
            figures: {},
          }),
          release: () => {
            live -= 1;
          },
        };
        return { workload };
      },
    });
    const record = await run([{ name: 'work', parameters: {}, arms: ['native', 'a', 'b'].map(counted) }]);
    expect(live).toBe(0);
    expect(record.blocks).toHaveLength(EFFORT.rounds * EFFORT.blocks);
    for (const { round, block } of record.blocks) {
      const order = record.windows
        .filter((window) => window.round === round && window.block === block)
        .map((window) => window.arm);
      expect(order).toHaveLength(6);
      expect(order).toEqual(order.toReversed());
    }
  });

  it('takes the same orders from the same seed, and others from another', async () => {
    const cases = [
      { name: 'work', parameters: {}, arms: ['native', 'a', 'b', 'c'].map((name) => arm(name, 5)) },
    ];
    const orders = async (seed: number): Promise<string> =>
      (await run(cases, { ...OPTIONS, seed })).windows.map((window) => window.arm).join();
    expect(await orders(1)).toBe(await orders(1));
    expect(await orders(1)).not.toBe(await orders(2));
  });

  it('keeps the finished rounds when it is interrupted', async () => {
    const controller = new AbortController();
    let made = 0;
    const interrupting: SuiteArm = {
      name: 'native',
      make: () => {
        made += 1;
        if (made === 3) controller.abort();
        return arm('native', 10).make({});
      },
    };
    const record = await run(
      [{ name: 'work', parameters: {}, arms: [interrupting] }],
      OPTIONS,
      controller.signal,
    );
    expect(record).toMatchObject({ interrupted: true, exitCode: 130, verdict: 'inconclusive' });
    expect(record.cases.work.arms.native.rounds).toHaveLength(2);
  });

  it('lets signals in between windows of loops that never wait', async () => {
    const controller = new AbortController();
    setImmediate(() => controller.abort());
    const record = await run(
      [{ name: 'work', parameters: {}, arms: [arm('native', 10)] }],
      OPTIONS,
      controller.signal,
    );
    expect(record.interrupted).toBe(true);
  });
});
