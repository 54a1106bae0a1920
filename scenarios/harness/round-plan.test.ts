import { afterEach, describe, expect, it } from 'vitest';
import { Children } from './arm-process.js';
import { compareArms } from './comparisons.js';
import type { RunPlan } from './planner.js';
import { planOfRound, planServers, roundsDone, roundsOf, takesPart } from './round-plan.js';
import { createRandom } from './statistics/random.js';
import { summariseCase } from './summarise.js';
import { fakeCase, measureFakeRun } from './testing/fake-run.js';

const children = new Children();
afterEach(() => children.stopAll(100));

describe('the rounds of a case', () => {
  const roundsWith = (wanted: number | undefined, rounds: number): number[] =>
    Array.from({ length: rounds }, (_, round) => round).filter((round) =>
      takesPart({ rounds: wanted }, round, rounds),
    );

  it('are spread evenly over those of the run', () => {
    expect(roundsWith(5, 10)).toEqual([1, 3, 5, 7, 9]);
    expect(roundsWith(5, 7)).toEqual([1, 2, 4, 5, 6]);
    expect(roundsDone({ rounds: 5 }, 4, 10)).toBe(2);
    expect(roundsDone({ rounds: 5 }, 9, 10)).toBe(5);
  });

  it('are all of them unless it wants fewer', () => {
    expect(roundsWith(undefined, 4)).toEqual([0, 1, 2, 3]);
    expect(roundsWith(5, 4)).toEqual([0, 1, 2, 3]);
    expect(roundsWith(5, 1)).toEqual([0]);
    expect(roundsOf({ rounds: 5 }, 3)).toBe(3);
    expect(roundsDone({}, 2, 4)).toBe(3);
  });
});

describe('a round', () => {
  const spread = {
    ...fakeCase('tcp', 1, ['fast', 'slow']),
    processes: { servers: 2, generators: 4 },
    rounds: 2,
  };
  const cases = [spread, fakeCase('tcp/depth=16', 16, ['fast'])];
  const idle = { caseName: 'tcp', sessions: 10 };
  const plan = { rounds: 4, generators: 4, servers: planServers(cases), idle } as unknown as RunPlan;

  it('starts what its cases need, and no more', () => {
    const few = planOfRound(plan, 0, cases);
    expect(few.servers).toEqual([{ arm: 'fast', medium: 'sockets', parts: 1 }]);
    expect(few).toMatchObject({ generators: 1, idle: null });
    expect(planOfRound(plan, 1, cases)).toBe(plan);
  });
});

describe('a case in fewer rounds than the run', () => {
  it('is measured, summarised and compared in those alone, with processes and messages of its own', async () => {
    const few = { ...fakeCase('tcp', 1, ['native', 'limit'], 40), rounds: 2 };
    const spread = { ...few, processes: { servers: 2, generators: 2 } };
    // `native` is up in every round: it serves the other case.
    const often = fakeCase('tcp/depth=16', 16, ['native']);
    const generator = { rate: { native: 200, limit: 100 } };
    const { cases, failure } = await measureFakeRun(children, {
      ...{ rounds: 4, cases: [spread, often], generator, idleSessions: 10 },
    });
    expect(failure).toBeNull();
    const recordOf = (name: string) => summariseCase(cases.get(name)!, 0, createRandom(1));
    const { arms } = recordOf('tcp');
    const { native } = arms;
    expect(native.rounds.map(({ round }) => round)).toEqual([1, 3]);
    expect(native.metrics.throughput_ops_per_s).toMatchObject({
      value: expect.closeTo(400, 0),
      n: 2,
      ci95: null,
    });
    expect(native.metrics.memory_bytes_per_session.n, 'idle memory, where the case takes part').toBe(2);
    expect(native.coldPass?.n).toBe(2);
    const pair = compareArms('tcp', 'throughput_ops_per_s', ['native', 'limit'], arms, createRandom(1));
    expect(pair).toMatchObject({ n: 2, ratio: expect.closeTo(2, 6) });
    // Half of them are due in each of its two rounds: more than the planned blocks have.
    expect(arms.limit.messagesPerSessionMin).toBeGreaterThanOrEqual(40);
    const everyRound = recordOf(often.name).arms.native;
    expect(everyRound.rounds.map(({ round }) => round)).toEqual([0, 1, 2, 3]);
    expect(everyRound.metrics.throughput_ops_per_s.n).toBe(4);
  });
});
