/**
 * Sessions between threads. The counts are those of a quick run; by hand, set MSGTRANS_MEM_MESSAGES (per end of a session),
 * MSGTRANS_MEM_ENDINGS (per way to end) and MSGTRANS_MEM_WORKERS (one after another) higher.
 */
import { describe, expect, it } from 'vitest';
import { ChildProgram } from '../faults/child-program.js';
import type { MeshReport } from './mesh-peer.js';

const MESSAGES = Number(process.env.MSGTRANS_MEM_MESSAGES ?? 1000);
const ENDINGS = Number(process.env.MSGTRANS_MEM_ENDINGS ?? 15);
const WORKERS = Number(process.env.MSGTRANS_MEM_WORKERS ?? 60);
const SEED = Number(process.env.MSGTRANS_SEED ?? 20_260_711);
const HOUR_MS = 3_600_000;

/** What a program printed; it must end well. */
async function resultsOf(name: string, args: unknown[], nodeArgs: string[] = []): Promise<unknown[]> {
  await using program = new ChildProgram(`../in-process/${name}`, { args: args.map(String), nodeArgs });
  const end = await program.ended;
  expect(end).toEqual({ code: 0, signal: null, stderr: '' });
  return program.all();
}

describe('sessions between threads', () => {
  it.each([
    [1, 20],
    [8, 2],
  ])(
    `deliver everything whole, once and in order, main thread and %i Workers each to each (seed ${SEED})`,
    async (workers, sessionsPerPair) => {
      const [reports] = (await resultsOf('mesh-program', [workers, sessionsPerPair, MESSAGES, SEED])) as [
        MeshReport[],
      ];
      const sessions = workers * sessionsPerPair;
      expect(reports).toEqual(
        Array.from({ length: workers + 1 }, (_, index) => {
          return { index, sessions, received: sessions * MESSAGES, faults: [], closes: [] };
        }),
      );
    },
    HOUR_MS,
  );

  it(
    `close once and with a reason when a Worker ends under traffic, ${ENDINGS} of each way`,
    async () => {
      const exited = { codes: ['ERR_MSGTRANS_WORKER_EXITED'], closesPerSession: [1, 1, 1, 1], torn: 0 };
      const closed = { codes: ['undefined'], closesPerSession: [1, 1, 1, 1], torn: 0 };
      const error = 'planned by the test';
      expect(await resultsOf('dying-program', [ENDINGS])).toEqual([
        { none: { distinct: [{ exitCode: 1, ...exited }], leaks: false, open: 0 } },
        { exit: { distinct: [{ exitCode: 3, ...exited }], leaks: false, open: 0 } },
        { throw: { distinct: [{ exitCode: 1, error, ...exited }], leaks: false, open: 0 } },
        { close: { distinct: [{ exitCode: 0, ...closed }], leaks: false, open: 0 } },
      ]);
    },
    HOUR_MS,
  );

  it('go on while another Worker stands still, within the bounds of its queues', async () => {
    const [result] = (await resultsOf('blocked-program', [2000])) as [{ grownMiB: number; boundMiB: number }];
    expect(result).toMatchObject({ isAnswered: true, wrong: 0, echoed: true, open: true });
    // What waits is held once, on its way or in the heap of who sends it; V8 takes its share.
    expect(result.grownMiB).toBeLessThan(3 * result.boundMiB + 64);
  }, 60_000);

  it(
    `leave nothing behind, ${WORKERS} Workers one after another`,
    async () => {
      const warm = Math.ceil(WORKERS / 5);
      const [result] = (await resultsOf('successive-program', [WORKERS, warm], ['--expose-gc'])) as [
        { first: { descriptors: number; rssMiB: number }; last: { descriptors: number; rssMiB: number } },
      ];
      expect(result).toMatchObject({
        exits: [0],
        closes: { undefined: WORKERS / 2, ERR_MSGTRANS_WORKER_EXITED: WORKERS / 2 },
      });
      expect(result.last.descriptors).toBeLessThanOrEqual(result.first.descriptors);
      // A leak of one arena in ten Workers would be more; V8's own pages come and go.
      expect(result.last.rssMiB - result.first.rssMiB).toBeLessThan(32);
    },
    HOUR_MS,
  );
});
