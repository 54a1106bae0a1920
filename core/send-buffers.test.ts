/** Buffers of `allocate`: what they are, and whose they are after a send. */
import { afterEach, describe, expect, it } from 'vitest';
import { nextMessage, nextSession, until } from './contract/connected-pair.js';
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
  reactorOf,
  unreadScene,
} from './faults/sending-scene.js';
import { HighPerformanceTransport } from './high-performance-transport.js';
import type { TransportOptions } from './options.js';

afterEach(closeScenes);

describe('allocate', () => {
  it.each([1, 64, 1000, 1280, 1281, 8192, 60_000, 65_536, 100_000, 1_048_576, 1_048_577, 3_000_000])(
    'makes %i zeroes of their own at the start of a cache line',
    async (bytes) => {
      const made = await openTransport();
      for (let round = 0; round < 3; round++) {
        const buffer = made.allocate(bytes);
        expect([buffer.length, buffer.byteOffset, buffer.buffer.byteLength]).toEqual([bytes, 0, bytes]);
        expect(buffer.every((byte) => byte === 0)).toBe(true);
        expect(reactorOf(made).buffers.placeOf(buffer)!.offset % 64).toBe(0);
        // The next one gets the same memory, but not what was in it.
        buffer.fill(0xa5);
        made.release(buffer);
        expect([buffer.length, buffer.buffer.byteLength]).toEqual([0, 0]);
      }
    },
  );

  it('refuses sizes that no payload has', async () => {
    const made = await openTransport({ payloadBytesMax: 5000 });
    for (const bytes of [0, -1, 1.5, 5001, Number.NaN, Number.POSITIVE_INFINITY, '100', undefined, null]) {
      expect(codeOf(() => made.allocate(bytes as number))).toBe('ERR_MSGTRANS_INVALID_ARGUMENT');
    }
    expect(made.allocate(5000)).toHaveLength(5000);
    expect(made.counters().poolRefused).toBe(0);
  });

  it('ends at the byte budget, and goes on when something was given back', async () => {
    const made = await openTransport({ bufferBytesMax: 5 * MIB });
    const first = made.allocate(3 * MIB);
    expect(() => made.allocate(3 * MIB)).toThrow(
      expect.objectContaining({
        code: 'ERR_MSGTRANS_BUFFER_BUDGET',
        message: expect.stringContaining(String(5 * MIB)),
      }),
    );
    made.release(first);
    expect(made.allocate(3 * MIB)).toHaveLength(3 * MIB);
  });

  it('leaves buffers for reading', async () => {
    const { server, peers } = await unreadScene(1, {
      zeroCopyBuffers: { largeBuffers: 20 },
      bufferBytesMax: MIB,
    });
    const kept: Uint8Array[] = [];
    const code = codeOf(() => {
      for (;;) kept.push(server.allocate(60_000));
    });
    expect(code).toBe('ERR_MSGTRANS_BUFFER_BUDGET');
    const message = nextMessage(server);
    const client = await openTransport();
    const session = await client.connect(`tcp://127.0.0.1:${peers[0].socket.remotePort}`);
    session.send(patterned(10_000, 1));
    expect((await message).payload).toHaveLength(10_000);
  });

  it('is counted until it is released, once', async () => {
    const made = await openTransport();
    const buffers = [made.allocate(100), made.allocate(100_000)];
    expect(made.counters().allocatedBytes).toBe(1280 + MIB + 256);
    for (const buffer of [...buffers, ...buffers]) made.release(buffer);
    reactorOf(made).native.flush();
    expect(made.counters()).toMatchObject({ allocatedBytes: 0, slicesLent: 0 });
  });

  it('gives back what it made, and nothing else', async () => {
    const [made, other] = [await openTransport(), await openTransport()];
    const buffer = made.allocate(100);
    for (const wrong of [new Uint8Array(100), Buffer.alloc(10_000), 'text', undefined]) {
      expect(codeOf(() => made.release(wrong as Uint8Array))).toBe('ERR_MSGTRANS_INVALID_ARGUMENT');
    }
    expect(codeOf(() => other.release(buffer))).toBe('ERR_MSGTRANS_INVALID_ARGUMENT');
    // Any view will do.
    made.release(buffer.subarray(10, 20));
    expect(buffer).toHaveLength(0);
  });

  it('ends with the transport, and what it made does not', async () => {
    const made = await HighPerformanceTransport.create();
    const buffer = fill(made.allocate(5000), 4);
    await made.close();
    expect(isPatterned(buffer, 5000, 4)).toBe(true);
    expect(codeOf(() => made.allocate(1))).toBe('ERR_MSGTRANS_CLOSED');
    made.release(buffer);
    expect(buffer).toHaveLength(0);
  });
});

describe('handOver', () => {
  const WAYS: [string, string, TransportOptions][] = [
    ['a socket', 'tcp://127.0.0.1:0', {}],
    ['a thread of this process', 'mem://', {}],
    ['a socket on a thread of its own', 'tcp://127.0.0.1:0', { workersPerNumaNode: 1 }],
  ];

  it.each(WAYS)('empties the buffer at once and delivers it over %s', async (_name, url, options) => {
    const server = await openTransport(options);
    const client = await openTransport(options);
    const accepted = nextSession(server);
    const listener = await server.listen(url);
    const session = await client.connect(listener.url);
    const received: Uint8Array[] = [];
    server.on('message', (_session, packet) => {
      received.push(packet.payload);
      if (packet.packetType === 'request') {
        const answer = fill(server.allocate(9000), 50);
        _session.reply(packet, answer, { handOver: true });
        expect(answer).toHaveLength(0);
      }
    });
    await accepted;
    const handOver = true;
    let seed = 0;
    for (const bytes of [1, 5000, 60_000, 100_000, 2 * MIB]) {
      const sends: ((buffer: Uint8Array) => unknown)[] = [
        (buffer) => session.send(buffer, { handOver }),
        (buffer) => client.send(session.id, buffer, { handOver }),
        (buffer) => client.broadcast(buffer, { handOver }),
        (buffer) => session.request(buffer, { handOver }),
      ];
      for (const send of sends) {
        const buffer = fill(client.allocate(bytes), seed);
        const answer = send(buffer);
        expect([buffer.length, buffer.buffer.byteLength]).toEqual([0, 0]);
        await until(() => received.length > seed);
        expect(isPatterned(received[seed], bytes, seed)).toBe(true);
        if (answer instanceof Promise) expect(isPatterned((await answer).payload, 9000, 50)).toBe(true);
        seed += 1;
      }
    }
    await session.drained();
    await until(() => client.counters().slicesLent === 0);
    expect(client.counters().allocatedBytes).toBe(0);
  });

  it('holds what a socket has not taken', async () => {
    const { server, peers } = await unreadScene();
    const { session } = peers[0];
    block(session);
    const { payloadCopies } = server.counters();
    for (let i = 0; i < 20; i++)
      session.send(fill(server.allocate(10_000 + i * 50_000), i), { handOver: true });
    for (let i = 0; i < 20; i++) server.allocate(60_000).fill(0xee);
    const packets = await packetsOf(peers[0], 28);
    for (let i = 0; i < 20; i++) expect(isPatterned(packets[8 + i], 10_000 + i * 50_000, i)).toBe(true);
    expect(server.counters().payloadCopies).toBe(payloadCopies);
  });

  it('takes buffers of allocate and of nobody else', async () => {
    const { server, peers } = await unreadScene();
    const other = await openTransport();
    const { session } = peers[0];
    const handedOver = server.allocate(100);
    session.send(handedOver, { handOver: true });
    for (const wrong of [new Uint8Array(10), Buffer.alloc(100_000), other.allocate(100), handedOver]) {
      expect(codeOf(() => session.send(wrong, { handOver: true }))).toBe('ERR_MSGTRANS_INVALID_ARGUMENT');
      expect(codeOf(() => server.broadcast(wrong, { handOver: true }))).toBe('ERR_MSGTRANS_INVALID_ARGUMENT');
      expect(codeOf(() => server.send(session.id, wrong, { handOver: true }))).toBe(
        'ERR_MSGTRANS_INVALID_ARGUMENT',
      );
    }
    const options = { handOver: 1 as unknown as boolean };
    expect(codeOf(() => session.send(server.allocate(1), options))).toBe('ERR_MSGTRANS_INVALID_ARGUMENT');
    expect(await packetsOf(peers[0], 1)).toHaveLength(1);
  });

  it('leaves the buffer with its owner when nothing was taken', async () => {
    const { server, peers } = await unreadScene(1, {
      writeQueueBytesMax: 8 * MIB,
      slowConsumerPolicy: 'throw',
    });
    const { session } = peers[0];
    const buffer = server.allocate(100_000);
    expect(
      codeOf(() => {
        for (;;) session.send(new Uint8Array(100_000));
      }),
    ).toBe('ERR_MSGTRANS_WRITE_QUEUE_FULL');
    expect(codeOf(() => session.send(buffer, { handOver: true }))).toBe('ERR_MSGTRANS_WRITE_QUEUE_FULL');
    expect(buffer).toHaveLength(100_000);
  });

  it('is not for messages, which are nobody’s to give away', async () => {
    const server = await openTransport();
    const client = await openTransport();
    const { url } = await server.listen('tcp://127.0.0.1:0');
    const session = await client.connect(url);
    const codes: unknown[] = [];
    server.onBatch((batch) => {
      for (const message of batch) {
        const target = server.session(message.sessionId)!;
        codes.push(codeOf(() => message.reply(message, { handOver: true })));
        codes.push(codeOf(() => message.forward(target, { handOver: true })));
        codes.push(codeOf(() => server.broadcast(message, { handOver: true })));
        codes.push(codeOf(() => message.reply(message.payload(), { handOver: true })));
      }
    });
    session.send(new Uint8Array(100));
    await until(() => codes.length > 0);
    expect(codes).toEqual(Array.from({ length: 4 }, () => 'ERR_MSGTRANS_INVALID_ARGUMENT'));
  });
});
