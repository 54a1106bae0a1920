/** The option `debugBuffers`: each test here fails when it is ignored. */
import { afterEach, describe, expect, it } from 'vitest';
import { nextClose, until } from './contract/connected-pair.js';
import {
  block,
  closeScenes,
  fill,
  isPatterned,
  openTransport,
  packetsOf,
  patterned,
  reactorOf,
  unreadScene,
} from './faults/sending-scene.js';
import type { HighPerformanceTransport } from './high-performance-transport.js';

afterEach(closeScenes);

const OPTIONS = { debugBuffers: true };
/** What buffers that are given back are filled with. */
const POISON = 0xdb;

const MEMORY: [string, (server: HighPerformanceTransport, bytes: number) => Uint8Array][] = [
  ['a buffer of allocate', (server, bytes) => server.allocate(bytes)],
  ['memory of the program', (_server, bytes) => new Uint8Array(bytes)],
];

describe.each(MEMORY)('debugBuffers with %s', (name, make) => {
  const sizes = [...(name === 'a buffer of allocate' ? [5000, 50_000] : []), 100_000, 1_000_000, 3_000_000];

  it.each(sizes)(
    'closes a session whose %i bytes were changed while they waited, and no other',
    async (bytes) => {
      const { server, peers } = await unreadScene(2, OPTIONS);
      const [changed, kept] = peers;
      const payloads = peers.map(({ session }, i) => {
        block(session);
        const payload = fill(make(server, bytes), i);
        session.send(payload);
        return payload;
      });
      // The last one, before the turn is over.
      payloads[0][bytes - 1] ^= 1;
      const closed = nextClose(server);
      changed.read();
      expect(await closed).toMatchObject({
        code: 'ERR_MSGTRANS_SEND_BUFFER_CHANGED',
        local: true,
        message: expect.stringContaining('debugBuffers'),
      });
      await until(() => changed.ended);
      expect(changed.packets.length).toBeLessThanOrEqual(8);
      expect(changed.packets.every(({ payload }) => payload.every((byte) => byte === 0))).toBe(true);
      const packets = await packetsOf(kept, 9);
      expect(isPatterned(packets[8], bytes, 1)).toBe(true);
      expect(kept.session.closed).toBe(false);
    },
  );

  it('lets everything pass that stays as it is until drained()', async () => {
    const { server, peers } = await unreadScene(1, OPTIONS);
    const [peer] = peers;
    const payload = make(server, 700_000);
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 10; i++) peer.session.send(fill(payload, round));
      if (round === 0) peer.read();
      await peer.session.drained();
    }
    await until(() => peer.packets.length === 40);
    expect(peer.packets.every(({ payload: got }, i) => isPatterned(got, 700_000, Math.floor(i / 10)))).toBe(
      true,
    );
  });

  it('looks at nothing unless it is on', async () => {
    const { server, peers } = await unreadScene();
    const [peer] = peers;
    block(peer.session);
    const payload = fill(make(server, 100_000), 1);
    peer.session.send(payload);
    payload[99_999] ^= 1;
    const packets = await packetsOf(peer, 9);
    expect(packets[8][99_999]).toBe(patterned(100_000, 1)[99_999] ^ 1);
    expect(peer.session.closed).toBe(false);
  });
});

describe('debugBuffers and memory that was given back', () => {
  it.each([true, false])('fills it and finds who writes to it: %s', async (debugBuffers) => {
    const made = await openTransport({ debugBuffers });
    const { bytes, buffers, native } = reactorOf(made);
    const buffer = made.allocate(1000).fill(1);
    const { offset } = buffers.placeOf(buffer)!;
    made.release(buffer);
    native.flush();
    const memory = bytes.subarray(offset, offset + 1000);
    expect(memory.every((byte) => byte === POISON)).toBe(debugBuffers);
    expect(made.counters().poisonViolations).toBe(0);
    memory[500] = 2;
    const again = made.allocate(1000);
    expect(buffers.placeOf(again)!.offset).toBe(offset);
    expect(again.every((byte) => byte === 0)).toBe(true);
    expect(made.counters().poisonViolations).toBe(debugBuffers ? 1 : 0);
  });

  it('covers reactors on threads of their own', async () => {
    const made = await openTransport({ debugBuffers: true, workersPerNumaNode: 1 });
    const client = await openTransport();
    const { url } = await made.listen('tcp://127.0.0.1:0');
    let offset = -1;
    let memory: Uint8Array | undefined;
    made.onBatch((batch) => {
      for (const message of batch) {
        // The word of its descriptor that says where its payload lies; such memory is read through another arena.
        const { at } = message as unknown as { at: number };
        const { words, foreign } = reactorOf(made);
        offset = words[at + 2];
        memory = foreign.of(words[at + 6]).bytes;
      }
    });
    const session = await client.connect(url);
    session.send(patterned(3000, 1));
    await until(() => memory !== undefined && memory[offset] === POISON);
    expect(memory!.subarray(offset, offset + 3000).every((byte) => byte === POISON)).toBe(true);
  });
});
