/**
 * Sessions by the ten thousand: what an idle one costs, and that none of them is forgotten when all drop at once. By hand,
 * MSGTRANS_MEM_SESSIONS is 100 000.
 */
import { describe, expect, it } from 'vitest';
import { ChildProgram } from '../faults/child-program.js';

const SESSIONS = Number(process.env.MSGTRANS_MEM_SESSIONS ?? 100_000);
/** Two descriptors each, and half of the least that systems allow by default. */
const SOCKETS = Number(process.env.MSGTRANS_TCP_SESSIONS ?? 400);

async function resultOf(name: string, args: unknown[], nodeArgs: string[] = []): Promise<unknown> {
  await using program = new ChildProgram(`../in-process/${name}`, { args: args.map(String), nodeArgs });
  const end = await program.ended;
  expect(end).toEqual({ code: 0, signal: null, stderr: '' });
  return program.all()[0];
}

describe('sessions that drop while JavaScript is blocked', () => {
  const outcome = { deliveredMeanwhile: 0, twice: 0, late: 0, missing: 0, sessionsOpen: 0 };

  it(`all close, after their last message: ${SESSIONS} in process`, async () => {
    expect(await resultOf('drops-program', [SESSIONS, 'mem'])).toMatchObject({
      ...outcome,
      closed: SESSIONS,
      codes: ['ERR_MSGTRANS_WORKER_EXITED'],
    });
  }, 120_000);

  it(`all close, after their last message: ${SOCKETS} over TCP`, async () => {
    expect(await resultOf('drops-program', [SOCKETS, 'tcp'])).toMatchObject({
      ...outcome,
      closed: SOCKETS,
      codes: ['undefined'],
    });
  }, 120_000);
});

describe(`${SESSIONS} idle sessions in process`, () => {
  // The aim is 200 bytes; pages that the heap keeps in hand are counted, too.
  it.each(['same thread', 'worker'])(
    'cost little, both ends: %s',
    async (where) => {
      const result = (await resultOf('idle-memory-program', [SESSIONS, where], ['--expose-gc'])) as {
        open: number;
        rss: number;
        heapUsed: number;
      };
      expect(result.open).toBe(SESSIONS + 1);
      expect(result.rss).toBeLessThan(400);
      expect(result.heapUsed).toBeLessThan(100);
    },
    120_000,
  );
});
