/** Work put in on purpose, in the real server: that it is done, counted, and changes no answer. Nothing is timed. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { encodePacket } from '../../core/protocol/packet-codec.js';
import { type ArmProcess, Children } from '../harness/arm-process.js';
import { AMOUNT_MAX, type InjectedKind, InjectedWork } from './injected/injected-work.js';
import { USES_PER_TURN } from './injected/lock-work.js';
import { injectedCommand } from './registry.js';
import { ADDON, exchange, expectCounterReplies, payloadOf, ROOT, request } from './testing/arm-under-test.js';

const children = new Children();
afterEach(() => children.stopAll(100));

const MESSAGES = 600;
const requests = Array.from({ length: MESSAGES }, (_, index) => request(index, payloadOf(BigInt(index), 64)));
const frames = requests.map((each) => Buffer.from(encodePacket(each)));

async function serve(kind: InjectedKind, amount: number): Promise<{ server: ArmProcess; url: string }> {
  const server = children.start(kind, injectedCommand(ROOT, kind, amount));
  await server.hello();
  const { url } = await server.command('listen', { url: 'tcp://127.0.0.1:0', handler: 'counter' });
  return { server, url: String(url) };
}

async function countersOf(server: ArmProcess): Promise<Record<string, number>> {
  return (await server.command('counters')).counters as Record<string, number>;
}

/** Counters after all requests in one session, in pieces, so that they come in more batches than one. */
async function countersAfterLoad(kind: InjectedKind, amount: number): Promise<Record<string, number>> {
  const { server, url } = await serve(kind, amount);
  const replies = await exchange(url, frames, 4_096);
  expectCounterReplies(replies, requests);
  return countersOf(server);
}

describe.skipIf(process.env.CI !== 'true' && !existsSync(ADDON))('a native server with work put in', () => {
  it.each(['spin', 'alloc', 'lock'] as const)(
    'does %s for each message, parts of a unit included',
    async (kind) => {
      const counters = await countersAfterLoad(kind, 2.5);
      expect(counters).toMatchObject({ messages_received: MESSAGES, injected_units: 2.5 * MESSAGES });
    },
  );

  it('keeps what it allocates for a while', async () => {
    expect(await countersAfterLoad('alloc', 3)).toMatchObject({ injected_objects_kept: 1_024 });
  });

  it('takes its lock for every unit, and the other thread once for so many of them, and no more often', async () => {
    const { server, url } = await serve('lock', 1);
    const turns = async (): Promise<number> => (await countersOf(server)).injected_holder_turns;
    for (const round of [1, 2]) {
      await exchange(url, frames, 4_096);
      const due = Math.floor((round * MESSAGES) / USES_PER_TURN);
      while ((await turns()) < due);
      // A holder that does not sleep takes thousands of turns in that time.
      await sleep(100);
      expect(await countersOf(server)).toMatchObject({
        injected_acquisitions: round * MESSAGES,
        injected_holder_turns: due,
      });
    }
  });

  it('is late at each wake-up, however many messages there are', async () => {
    const { messages_received, injected_units } = await countersAfterLoad('wake', 100);
    expect(messages_received).toBe(MESSAGES);
    expect(injected_units % 100).toBe(0);
    expect(injected_units).toBeGreaterThan(0);
    expect(injected_units).toBeLessThan(100 * MESSAGES);
  });

  it('is late at so many of the wake-ups as an amount below 1 says', () => {
    const work = new InjectedWork('wake', 0.25);
    for (let wakeUp = 0; wakeUp < 10; wakeUp++) work.beforeBatch(50);
    expect(work.counters()).toEqual({ injected_units: 2 });
  });

  it('does nothing at an amount of 0', async () => {
    expect(await countersAfterLoad('spin', 0)).toMatchObject({ injected_units: 0 });
  });

  it.each([
    ['sleep', 1, 'unknown kind of work "sleep"; known are spin, alloc, lock, wake'],
    ['spin', -1, `a number from 0 to ${AMOUNT_MAX}; got "-1"`],
  ])('does not start with %s %d', async (kind, amount, message) => {
    const server = children.start(kind, injectedCommand(ROOT, kind as InjectedKind, amount));
    await expect(server.hello()).rejects.toThrow(message);
  });
});
