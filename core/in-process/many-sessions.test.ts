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
  // V8 keeps a young generation in hand whose size depends on what was allocated on the way, and not on what is open: at
  // its least, what is left is the price of the sessions, and of the threads that the collector has woken.
  const nodeArgs = ['--expose-gc', '--max-semi-space-size=1'];

  it.each(['same thread', 'worker'])(
    'cost less than 200 bytes each, both ends: %s',
    async (where) => {
      const result = (await resultOf('idle-memory-program', [SESSIONS, where], nodeArgs)) as {
        open: number;
        rss: number;
        heapUsed: number;
      };
      expect(result.open).toBe(SESSIONS + 1);
      expect(result.rss).toBeLessThan(200);
      expect(result.heapUsed).toBeLessThan(50);
    },
    120_000,
  );
});
