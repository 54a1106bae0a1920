/** Sending from where the payload lies: buffers of `allocate`, and large memory of the program's own. */
import { afterEach, describe, expect, it } from 'vitest';
import { nextClose, nextSession, until } from './contract/connected-pair.js';
import {
  block,
  closeScenes,
  codeOf,
  fill,
  isPatterned,
  MIB,
  openTransport,
  packetsOf,
  patterned,
  unreadScene,
  wasmMemory,
} from './faults/sending-scene.js';
import { UnreadPeer } from './faults/unread-peer.js';

afterEach(closeScenes);

describe('a buffer of allocate', () => {
  it.each([1, 4095, 6000, 50_000, 100_000, 900_000, 3_000_000])(
    'of %i bytes is sent from where it lies, whatever the socket takes at once',
    async (bytes) => {
      const { server, peers } = await unreadScene();
      const [{ session }] = peers;
      block(session);
      const { payloadCopies } = server.counters();
      const isReferred = bytes > 4095;
      const buffer = fill(server.allocate(bytes), 3);
      const part = buffer.subarray(bytes >>> 2);
      const extHeader = patterned(100, 9);
      session.send(buffer);
      session.send(part, { extHeader, bizType: 7 });
      const answer = session.request(buffer).catch(({ code }) => code);
      await until(() => server.counters().outboundRingBytesUsed === 0);
      // Part of what is small went through the ring, and from there to the queue.
      expect(server.counters().payloadCopies > payloadCopies).toBe(!isReferred);
      const packets = await packetsOf(peers[0], 11);
      expect(isPatterned(packets[8], bytes, 3)).toBe(true);
      expect(Buffer.compare(packets[9], part)).toBe(0);
      expect(Buffer.compare(packets[10], packets[8])).toBe(0);
      expect(peers[0].packets[9]).toMatchObject({ bizType: 7, packetType: 'one-way' });
      expect(Buffer.compare(peers[0].packets[9].extHeader, extHeader)).toBe(0);
      await session.drained();
      // It is the program's again.
      session.send(fill(buffer, 5));
      await until(() => peers[0].packets.length === 12);
      expect(isPatterned(peers[0].packets[11].payload, bytes, 5)).toBe(true);
      await session.close();
      expect(await answer).toMatch(/^ERR_/);
    },
    30_000,
  );

  it('may be released while it waits: what was sent is sent', async () => {
    for (const bytes of [60_000, 100_000, 2_000_000]) {
      const { server, peers } = await unreadScene();
      const [peer] = peers;
      block(peer.session);
      const { payloadCopies } = server.counters();
      const buffer = fill(server.allocate(bytes), 6);
      peer.session.send(buffer);
      server.release(buffer);
      expect(buffer).toHaveLength(0);
      // Others use what memory there is.
      const others = Array.from({ length: 30 }, () => server.allocate(bytes).fill(0xee));
      expect(server.counters().payloadCopies).toBe(payloadCopies);
      const packets = await packetsOf(peer, 9);
      expect(isPatterned(packets[8], bytes, 6)).toBe(true);
      for (const other of others) server.release(other);
      await until(() => server.counters().slicesLent === 0);
    }
  });

  it('is broadcast from one place to sockets that do not read', async () => {
    for (const bytes of [5000, 100_000, 1_500_000]) {
      const { server, peers } = await unreadScene(20, { writeQueueTotalBytesMax: 512 * MIB });
      for (const peer of peers) peer.session.send(new Uint8Array(5 * MIB));
      const before = server.counters();
      const buffer = fill(server.allocate(bytes), 8);
      expect(server.broadcast(buffer, { bizType: 4 })).toEqual({ accepted: 20, skipped: 0 });
      server.release(buffer);
      await until(() => server.counters().outboundRingBytesUsed === 0);
      const after = server.counters();
      expect(after.payloadCopies).toBe(before.payloadCopies);
      expect(after.slicesLent).toBe(1);
      for (const peer of peers) {
        const packets = await packetsOf(peer, 2);
        expect(isPatterned(packets[1], bytes, 8)).toBe(true);
      }
      await until(() => server.counters().slicesLent === 0);
    }
  }, 60_000);

  it('answers messages and requests', async () => {
    const server = await openTransport();
    const client = await openTransport();
    const { url } = await server.listen('tcp://127.0.0.1:0');
    const buffer = fill(server.allocate(200_000), 2);
    server.onBatch((batch) => {
      for (const message of batch) message.reply(buffer);
    });
    const session = await client.connect(url);
    const answers = await Promise.all(Array.from({ length: 20 }, () => session.request(new Uint8Array(1))));
    expect(answers.every(({ payload }) => isPatterned(payload, 200_000, 2))).toBe(true);
    expect(server.counters().payloadCopies).toBe(0);
  });
});

describe('large memory of the program', () => {
  it.each([65_536, 100_000, 1_000_000, 10_000_000])(
    'of %i bytes stays where it is while it waits',
    async (bytes) => {
      const { server, peers } = await unreadScene();
      const [{ session }] = peers;
      const whole = patterned(bytes + 1000, 20);
      const sent = [
        whole.subarray(500, bytes + 500),
        Buffer.from(patterned(bytes, 21)),
        patterned(bytes, 22),
      ];
      const sizes = { bizType: 3, extHeader: patterned(10, 1) };
      session.send(new Uint8Array(bytes));
      block(session);
      const { payloadCopies } = server.counters();
      for (const payload of sent) session.send(payload, sizes);
      expect(session.bufferedBytes).toBeGreaterThan(bytes);
      expect(server.counters().payloadCopies).toBe(payloadCopies);
      const packets = await packetsOf(peers[0], 9 + sent.length);
      expect(packets.slice(9).map((packet, i) => Buffer.compare(packet, sent[i]))).toEqual(sent.map(() => 0));
      await session.drained();
      expect(server.counters().payloadCopies).toBe(payloadCopies);
    },
    60_000,
  );

  it('is copied when it may be moved or is shared', async () => {
    const bytes = 3 * 65_536;
    const resizable = new (ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer)(
      bytes,
      { maxByteLength: 2 * bytes },
    );
    const memory = wasmMemory(3);
    const kinds: [ArrayBufferLike, number][] = [
      [resizable, 1],
      [new SharedArrayBuffer(bytes), 2],
      [memory.buffer, 3],
    ];
    const { server, peers } = await unreadScene();
    const [{ session }] = peers;
    block(session);
    const { payloadCopies } = server.counters();
    for (const [buffer, seed] of kinds) {
      const view = fill(new Uint8Array(buffer), seed);
      session.send(view);
      view.fill(0xff);
    }
    memory.grow(10);
    expect(server.counters().payloadCopies).toBe(payloadCopies + 3);
    const packets = await packetsOf(peers[0], 11);
    for (const [i, [, seed]] of kinds.entries()) expect(isPatterned(packets[8 + i], bytes, seed)).toBe(true);
  });

  it('closes the session, and that one alone, when it is transferred while it waits', async () => {
    const { server, listener, peers } = await unreadScene(2);
    const [lost, kept] = peers;
    const payload = patterned(6 * MIB, 1);
    const other = patterned(6 * MIB, 2);
    lost.session.send(payload);
    kept.session.send(other);
    const closed = nextClose(server);
    structuredClone(payload.buffer, { transfer: [payload.buffer as ArrayBuffer] });
    expect(payload).toHaveLength(0);
    lost.read();
    const reason = await closed;
    expect(reason).toMatchObject({ code: 'ERR_MSGTRANS_SEND_BUFFER_LOST', local: true });
    expect(codeOf(() => lost.session.send(new Uint8Array(1)))).toBe('ERR_MSGTRANS_SEND_BUFFER_LOST');
    await until(() => lost.ended);
    expect(lost.packets).toEqual([]);
    const packets = await packetsOf(kept, 1);
    expect(isPatterned(packets[0], 6 * MIB, 2)).toBe(true);
    expect(server.counters().queuedBytes).toBe(0);
    await UnreadPeer.connect(server, listener).then((peer) => peer[Symbol.asyncDispose]());
  });

  it('may be a received payload, of this transport or another, which is gone when the turn is over', async () => {
    const { server, peers } = await unreadScene();
    const entry = await openTransport();
    const { url } = await entry.listen('tcp://127.0.0.1:0');
    const here = await openTransport();
    const accepted = nextSession(server);
    const toServer = await here.connect(`tcp://127.0.0.1:${peers[0].socket.remotePort}`);
    await accepted;
    const toEntry = await here.connect(url);
    const [{ session }] = peers;
    session.send(new Uint8Array(5 * MIB));
    let handled = 0;
    for (const receiver of [server, entry]) {
      receiver.onBatch((batch) => {
        for (const message of batch) {
          session.send(message.payload());
          session.send(message.payload());
          handled += 1;
        }
      });
    }
    for (const bytes of [70_000, 65_536, 500_000]) {
      toServer.send(patterned(bytes, 1));
      toEntry.send(patterned(bytes, 2));
    }
    await until(() => handled === 6);
    const packets = (await packetsOf(peers[0], 13)).slice(1);
    for (const seed of [1, 2]) {
      for (const bytes of [70_000, 65_536, 500_000]) {
        expect(packets.filter((packet) => isPatterned(packet, bytes, seed))).toHaveLength(2);
      }
    }
    expect(session.closed).toBe(false);
  });

  it('may be a retained payload that is released at once, or a buffer of another transport', async () => {
    const { server, peers } = await unreadScene();
    const client = await openTransport();
    const accepted = nextSession(server);
    const toServer = await client.connect(`tcp://127.0.0.1:${peers[0].socket.remotePort}`);
    await accepted;
    const [{ session }] = peers;
    session.send(new Uint8Array(5 * MIB));
    let isHandled = false;
    server.onBatch((batch) => {
      for (const message of batch) {
        using kept = message.retain();
        session.send(kept.payload);
        isHandled = true;
      }
    });
    toServer.send(patterned(400_000, 1));
    await until(() => isHandled);
    const foreign = fill(client.allocate(300_000), 2);
    session.send(foreign);
    client.release(foreign);
    const packets = await packetsOf(peers[0], 3);
    expect(isPatterned(packets[1], 400_000, 1)).toBe(true);
    expect(isPatterned(packets[2], 300_000, 2)).toBe(true);
  });

  it.each(['mem://', 'tcp://127.0.0.1:0'])(
    'is copied before send returns where %s is on another thread',
    async (url) => {
      const options = url === 'mem://' ? {} : { workersPerNumaNode: 1 };
      const server = await openTransport(options);
      const client = await openTransport(options);
      const accepted = nextSession(server);
      const { url: address } = await server.listen(url);
      const session = await client.connect(address);
      const received: Uint8Array[] = [];
      server.on('message', (_session, { payload }) => received.push(payload));
      await accepted;
      for (const bytes of [5000, 100_000, 3 * MIB]) {
        for (const memory of [new Uint8Array(bytes), client.allocate(bytes)]) {
          for (const send of [
            () => session.send(memory),
            () => client.broadcast(memory),
            () => client.send(session.id, memory),
          ]) {
            fill(memory, received.length);
            const count = received.length;
            send();
            memory.fill(0xff);
            await until(() => received.length > count);
            expect(isPatterned(received[count], bytes, count)).toBe(true);
          }
        }
      }
      expect(session.closed).toBe(false);
    },
  );
});
