import { describe, expect, it } from 'vitest';
import { until } from '../contract/connected-pair.js';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import type { Session } from '../transport.js';
import { SeededRandom } from './seeded-random.js';
import { UnreadPeer } from './unread-peer.js';

const SEED = 12;
const SESSIONS = 8;
const PAUSES_EACH = 600;

/** Signals that followed a pause of a session, in order. */
type Signals = Map<number, ('drain' | 'close')[]>;

function watchSignals(server: HighPerformanceTransport): Signals {
  const signals: Signals = new Map();
  const note = (session: Session, signal: 'drain' | 'close') => {
    signals.set(session.id, [...(signals.get(session.id) ?? []), signal]);
  };
  server.on('drain', (session) => note(session, 'drain'));
  server.on('close', (session) => note(session, 'close'));
  return signals;
}

describe('pauses', () => {
  it(`are each followed by exactly one drain (seed ${SEED})`, async () => {
    const random = new SeededRandom(SEED);
    await using server = await HighPerformanceTransport.create({ writeQueueHighWatermarkBytes: 4096 });
    await using client = await HighPerformanceTransport.create();
    let received = 0;
    client.onBatch((batch) => {
      for (const message of batch) received += message.length;
    });
    const drains = new Map<number, number>();
    server.on('drain', (session) => drains.set(session.id, (drains.get(session.id) ?? 0) + 1));
    const sessions: Session[] = [];
    server.on('session', (session) => sessions.push(session));
    const listener = await server.listen('tcp://127.0.0.1:0');
    for (let i = 0; i < SESSIONS; i++) await client.connect(listener.url);
    await until(() => sessions.length === SESSIONS);
    let sent = 0;
    const work = sessions.map(async (session) => {
      for (let pause = 1; pause <= PAUSES_EACH; pause++) {
        let isAccepted = true;
        while (isAccepted) {
          const length = random.below(random.below(10) === 0 ? 400_000 : 3000);
          isAccepted = session.send(new Uint8Array(length));
          sent += length;
        }
        // Going on regardless is allowed, and is the same pause.
        for (let more = random.below(3); more > 0; more--) {
          expect(session.send(new Uint8Array(10_000))).toBe(false);
          sent += 10_000;
        }
        await until(() => (drains.get(session.id) ?? 0) >= pause);
        expect(drains.get(session.id)).toBe(pause);
      }
    });
    await Promise.all(work);
    await until(() => received === sent);
    expect([...drains.values()]).toEqual(sessions.map(() => PAUSES_EACH));
  });

  it('end with a close when the peer never reads again', async () => {
    await using server = await HighPerformanceTransport.create({ writeQueueHighWatermarkBytes: 4096 });
    const signals = watchSignals(server);
    const listener = await server.listen('tcp://127.0.0.1:0');
    for (let round = 0; round < 50; round++) {
      await using peer = await UnreadPeer.connect(server, listener);
      const { session } = peer;
      // More than the kernel takes.
      for (let i = 0; i < 200; i++) session.send(new Uint8Array(50_000));
      const drained = session.drained().then(
        () => 'drained',
        () => 'rejected',
      );
      peer.socket.resetAndDestroy();
      await until(() => session.closed && signals.has(session.id));
      expect(await drained).toBe('rejected');
      expect(signals.get(session.id)).toEqual(['close']);
    }
  });

  it('are announced once, and not to a session that only waits with drained()', async () => {
    const mark = 8 * 1024 * 1024;
    await using server = await HighPerformanceTransport.create({ writeQueueHighWatermarkBytes: mark });
    await using client = await HighPerformanceTransport.create();
    const signals = watchSignals(server);
    const sessions: Session[] = [];
    server.on('session', (session) => sessions.push(session));
    const listener = await server.listen('tcp://127.0.0.1:0');
    client.onBatch(() => undefined);
    await client.connect(listener.url);
    await until(() => sessions.length === 1);
    const [session] = sessions;
    const payload = new Uint8Array(mark / 2);
    const waits = async () => {
      expect(session.send(payload)).toBe(true);
      await Promise.all([session.drained(), session.drained()]);
      expect(session.bufferedBytes).toBe(0);
    };
    for (let i = 0; i < 5; i++) await waits();
    expect(signals.size).toBe(0);
    while (session.send(payload));
    await until(() => signals.size > 0);
    for (let i = 0; i < 5; i++) await waits();
    expect(signals.get(session.id)).toEqual(['drain']);
  });
});
